// Package patient runs tests side by side that wait for timers, processes and vaults more than they compute: so many as go
// test -parallel allows by default, one for each processor, would leave the processors idle. A test says that it may run
// beside others with t.Parallel; [Tests] is what its TestMain runs:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(patient.Tests{M: m}) }
package patient

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// AtOnce is how many tests of a package run at a time.
const AtOnce = 4

// Tests are the tests of a package.
type Tests struct{ *testing.M }

// Run runs them, [AtOnce] of those that may unless -parallel says how many, and returns the exit code.
func (t Tests) Run() int {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		if err := p.Value.Set(fmt.Sprint(AtOnce)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	return t.M.Run()
}
