package commandline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes on the command line: 1048576, 1024KiB, 1MiB, 2GiB, 1TiB.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

// String is the text that Set takes, in the largest unit without a fraction; "" for 0.
func (s *Size) String() string {
	if s == nil || *s == 0 {
		return ""
	}
	for _, u := range units {
		if n := int64(*s); n%u.bytes == 0 {
			return fmt.Sprint(n/u.bytes, u.name)
		}
	}
	return ""
}

// Set takes a size.
func (s *Size) Set(text string) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("want a number of bytes such as 1048576, 64MiB or 2GiB")
}
