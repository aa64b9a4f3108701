package bench

import (
	"context"
	"fmt"
	"io"
	mathrand "math/rand/v2"

	"vaultnet"
	"vaultnet/client/container"
)

// workload is something to do over and over.
type workload struct {
	order    int
	about    string
	clients  int  // default; 0: the usual
	objects  int  // default; 0: as many as clients
	size     int  // default, bytes
	files    bool // its size is of files, not of entries
	validate func(Settings) error
	prepare  func(ctx context.Context, s *stage) ([]Operation, error)
}

var workloads map[string]*workload

func init() {
	workloads = map[string]*workload{
		"mutate": {order: 0, about: "updates of entries of distinct objects, each client its own", size: 256, prepare: prepareMutate},
		"hot": {order: 1, about: "updates of one object, each client its own entry of it: five are in flight at a time", clients: 5, objects: 1, size: 256,
			validate: validateHot, prepare: prepareHot},
		"mixed": {order: 2, about: "reads and updates, half and half, of objects that all clients share, some much more popular than others (zipf, s = 1.1)",
			objects: 1000, size: 256, prepare: prepareMixed},
		"put":  {order: 3, about: "new objects", size: 256, prepare: preparePut},
		"read": {order: 4, about: "linearizable reads of an entry, of any object", size: 256, prepare: prepareRead},
		"containers": {order: 5, about: "small files, written into a private container of each client and read back", size: 1024, files: true,
			prepare: prepareContainers},
		"stream": {order: 6, about: "large files, written into a private container of each client and read back", clients: 4, size: 8 << 20, files: true,
			prepare: prepareStream},
	}
}

// prepareMutate: object i belongs to client i modulo their number, who goes through its objects in turn.
func prepareMutate(ctx context.Context, s *stage) ([]Operation, error) {
	n := max(s.settings.Objects, s.settings.Clients)
	items := make([][]*item, s.settings.Clients)
	var of []*person // client by client: what one makes at the same time shares permits
	var at []vaultnet.Address
	for c := range items {
		for i := c; i < n; i += s.settings.Clients {
			t := &item{at: s.name("object %d", i), key: key(0)}
			items[c] = append(items[c], t)
			of, at = append(of, s.people[c]), append(at, t.at)
		}
	}
	err := s.each(ctx, "objects", n, func(ctx context.Context, i int) error {
		return of[i].put(ctx, at[i], s.object(of[i], s.settings.Entries, false))
	})
	var all []Operation
	for _, p := range s.people {
		turn := 0
		all = append(all, func(ctx context.Context) Outcome {
			t := items[p.number][turn%len(items[p.number])]
			turn++
			return Outcome{Bytes: s.settings.Size, Err: p.update(ctx, t, s.settings.Size)}
		})
	}
	return all, err
}

func validateHot(s Settings) error {
	if s.Clients > vaultnet.MaxEntries {
		return fmt.Errorf("-clients %d: each has an entry of the one object, which holds at most %d", s.Clients, vaultnet.MaxEntries)
	}
	return nil
}

// prepareHot: client i has entry i of each object; there is one, where nothing else is asked for.
func prepareHot(ctx context.Context, s *stage) ([]Operation, error) {
	err := s.each(ctx, "objects", s.settings.Objects, func(ctx context.Context, i int) error {
		p := s.people[0]
		return p.put(ctx, s.name("hot %d", i), s.object(p, max(s.settings.Entries, s.settings.Clients), true))
	})
	var all []Operation
	for _, p := range s.people {
		items := make([]*item, s.settings.Objects)
		for i := range items {
			items[i] = &item{at: s.name("hot %d", i), key: key(p.number)}
		}
		turn := 0
		all = append(all, func(ctx context.Context) Outcome {
			t := items[turn%len(items)]
			turn++
			return Outcome{Bytes: s.settings.Size, Err: p.update(ctx, t, s.settings.Size)}
		})
	}
	return all, err
}

// mixedKeys is how many entries the objects of the mixed workload have: clients of the same number modulo this change the
// same, and tell each other so by the version.
const mixedKeys = 16

func prepareMixed(ctx context.Context, s *stage) ([]Operation, error) {
	at := make([]vaultnet.Address, s.settings.Objects)
	err := s.each(ctx, "objects", len(at), func(ctx context.Context, i int) error {
		at[i] = s.name("mixed %d", i)
		p := s.people[i%len(s.people)]
		return p.put(ctx, at[i], s.object(p, max(s.settings.Entries, mixedKeys), true))
	})
	var all []Operation
	for _, p := range s.people {
		popular := mathrand.NewZipf(p.random, 1.1, 1, uint64(len(at)-1))
		items := map[int]*item{}
		all = append(all, func(ctx context.Context) Outcome {
			i := int(popular.Uint64())
			if p.random.IntN(2) == 0 {
				_, _, err := p.on.GetValue(ctx, at[i], key(p.number%mixedKeys))
				return Outcome{Kind: "read", Bytes: s.settings.Size, Err: err}
			}
			t := items[i]
			if t == nil {
				t = &item{at: at[i], key: key(p.number % mixedKeys)}
				items[i] = t
			}
			return Outcome{Kind: "update", Bytes: s.settings.Size, Err: p.update(ctx, t, s.settings.Size)}
		})
	}
	return all, err
}

func preparePut(_ context.Context, s *stage) ([]Operation, error) {
	var all []Operation
	for _, p := range s.people {
		count := 0
		all = append(all, func(ctx context.Context) Outcome {
			count++
			_, err := p.on.Put(ctx, p.as, s.name("put %d %d", p.number, count), s.object(p, s.settings.Entries, false))
			return Outcome{Bytes: s.settings.Size * s.settings.Entries, Err: err}
		})
	}
	return all, nil
}

func prepareRead(ctx context.Context, s *stage) ([]Operation, error) {
	at := make([]vaultnet.Address, s.settings.Objects)
	err := s.each(ctx, "objects", len(at), func(ctx context.Context, i int) error {
		at[i] = s.name("read %d", i)
		p := s.people[i%len(s.people)]
		return p.put(ctx, at[i], s.object(p, s.settings.Entries, false))
	})
	var all []Operation
	for _, p := range s.people {
		all = append(all, func(ctx context.Context) Outcome {
			v, _, err := p.on.GetValue(ctx, at[p.random.IntN(len(at))], key(p.random.IntN(s.settings.Entries)))
			return Outcome{Bytes: len(v.Content), Err: err}
		})
	}
	return all, err
}

// containers makes a private container for each client.
func containers(ctx context.Context, s *stage) ([]*container.FileSystem, error) {
	all := make([]*container.FileSystem, len(s.people))
	return all, s.each(ctx, "containers", len(all), func(ctx context.Context, i int) error {
		p := s.people[i]
		ref, err := container.NewRef(nil, true, false)
		if err != nil {
			return err
		}
		cfg := p.on.Containers(p.as)
		if _, err := container.Create(ctx, cfg, ref, nil); err != nil {
			return err
		}
		all[i] = container.NewFileSystem(cfg, ref)
		return nil
	})
}

func prepareContainers(ctx context.Context, s *stage) ([]Operation, error) {
	return prepareFiles(ctx, s)
}
func prepareStream(ctx context.Context, s *stage) ([]Operation, error) { return prepareFiles(ctx, s) }

// prepareFiles: each client writes a file into its container and reads it back, in turns.
func prepareFiles(ctx context.Context, s *stage) ([]Operation, error) {
	files, err := containers(ctx, s)
	var all []Operation
	for _, p := range s.people {
		count, written := 0, false
		all = append(all, func(ctx context.Context) Outcome {
			fs, size := files[p.number], s.settings.Size
			if written {
				written = false
				n, err := readFile(ctx, fs, fmt.Sprint("file ", count))
				if err == nil && n != int64(size) {
					err = fmt.Errorf("a file of %d bytes has %d", size, n)
				}
				return Outcome{Kind: "read", Bytes: int(n), Err: err}
			}
			count++
			err := writeFile(ctx, fs, fmt.Sprint("file ", count), p, size)
			written = err == nil
			return Outcome{Kind: "write", Bytes: size, Err: err}
		})
	}
	return all, err
}

// piece is how much of a file is made at a time.
const piece = 1 << 20

func writeFile(ctx context.Context, fs *container.FileSystem, name string, p *person, size int) error {
	f, err := fs.Create(ctx, name)
	if err != nil {
		return err
	}
	for left := size; left > 0; left -= piece {
		if _, err := f.Write(p.content(min(left, piece))); err != nil {
			return err
		}
	}
	return f.Close()
}

func readFile(ctx context.Context, fs *container.FileSystem, name string) (int64, error) {
	f, err := fs.Open(ctx, name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}
