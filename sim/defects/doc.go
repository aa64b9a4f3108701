// Package defects proves that the simulator and the tests can fail. Each defect replaces one small function of the
// shipped code by a wrong one; the replacements are compiled into a build of their own, through the go command's
// -overlay, and are no part of any shipped file. For each, the simulator or a named test must report a violation
// within a stated number of seeds; the same build without a defect must report none.
//
// The package has only tests: go test ./sim/defects
package defects
