package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestSharedByGoroutines has goroutines share one file system: for the race detector.
func TestSharedByGoroutines(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	var group sync.WaitGroup
	for k := range 8 {
		group.Go(func() {
			dir := fmt.Sprint("dir ", k%3)
			if err := f.MkdirAll(ctx, dir); err != nil {
				t.Error(err)
			}
			for i := range 40 {
				name := fmt.Sprintf("%s/%d %d", dir, k, i)
				if _, err := f.WriteFile(ctx, name, []byte(name)); err != nil {
					t.Error(err)
				}
				if i%4 == 0 {
					if err := f.Rename(ctx, name, fmt.Sprintf("%d %d", k, i)); err != nil {
						t.Error(err)
					}
				}
				if _, err := f.Stat(ctx, dir); err != nil && !errors.Is(err, NotExist) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	n := 0
	for _, dir := range []string{".", "dir 0", "dir 1", "dir 2"} {
		list, err := f.ReadDir(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
	}
	if n != 8*40+3 {
		t.Fatal(n)
	}
}
