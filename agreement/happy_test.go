package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

func TestHappyPath(t *testing.T) {
	for n := 1; n <= 16; n++ {
		c := newCluster(t, n)
		c.create()
		c.silent()
		for i := range 20 {
			c.all(c.request(fmt.Sprintf("%d=x%d", i%7, i), 1))
			c.run(1_000)
			c.height(vaultnet.Height(i + 2))
			c.silent()
		}
		for i := range 5 {
			c.all(c.request(fmt.Sprintf("%d=y", i), 1))
		}
		c.run(5_000)
		c.silent()
	}
}
