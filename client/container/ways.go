package container

import "vaultnet"

// ways remembers where names lead, for Config.Stale: only of directories and links on the way of a path, never what a path
// ends at. What this file system changes itself it forgets.
type ways map[way]led

type way struct {
	from ID
	name string
}

type led struct {
	to   Ref
	when vaultnet.Time
}

// maxWays is how many are remembered; then it begins anew.
const maxWays = 4096

func (f *FileSystem) remember(from ID, name string, to Ref) {
	if f.cfg.Stale <= 0 {
		return
	}
	now := f.cfg.Clock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ways == nil || len(f.ways) >= maxWays {
		f.ways = ways{}
	}
	f.ways[way{from, name}] = led{to, now}
}

func (f *FileSystem) remembered(from ID, name string) (Ref, bool) {
	if f.cfg.Stale <= 0 {
		return Ref{}, false
	}
	now := f.cfg.Clock()
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.ways[way{from, name}]
	return l.to, ok && now.Sub(l.when) <= f.cfg.Stale
}

func (f *FileSystem) forgetWays() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.ways)
}
