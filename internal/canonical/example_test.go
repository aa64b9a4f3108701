package canonical_test

import (
	"fmt"

	"vaultnet/internal/canonical"
)

func Example() {
	type point struct{ X, Y int64 }
	b := canonical.Marshal(&point{1, -2})
	fmt.Printf("%x\n", b)

	var p point
	fmt.Println(canonical.Unmarshal(b, &p, 100), p)
	fmt.Println(canonical.Unmarshal([]byte{0x82, 0x18, 0x01, 0x21}, &p, 100))
	// Output:
	// 820121
	// <nil> {1 -2}
	// InvalidRequest (encoding: number not in its shortest form, or indefinite length)
}
