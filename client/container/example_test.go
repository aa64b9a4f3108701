package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/immutabledata"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// inMemory is a Data without a network: the rules of mutabledata, and a map. A program uses client.Containers instead.
type inMemory struct {
	me      vaultnet.PublicKey
	objects map[vaultnet.Address]*mutabledata.Object
	heights map[vaultnet.Address]vaultnet.Height
	chunks  map[vaultnet.Name][]byte
}

func (d *inMemory) Do(_ context.Context, steps []container.Step) []container.Answer {
	answers := make([]container.Answer, len(steps))
	for i, step := range steps {
		a := &answers[i]
		switch s := step.(type) {
		case container.Read:
			*a = d.read(s)
		case container.Mutate:
			next, result, err := d.objects[s.Address].Apply(s.Mutation, mutabledata.Context{Requester: d.me, Payer: d.me})
			if a.Err = err; err == nil {
				d.objects[s.Address], a.Value = next, result
				d.heights[s.Address]++
			}
		case container.PutChunk:
			name := immutabledata.NameOf(s.Content)
			d.chunks[name], a.Value = s.Content, name
		case container.GetChunk:
			a.Value = d.chunks[s.Name]
			if d.chunks[s.Name] == nil {
				a.Err = refusal.New(refusal.NoSuchData)
			}
		}
	}
	return answers
}

func (d *inMemory) read(s container.Read) (a container.Answer) {
	answer, err := d.objects[s.Address].Read(s.Query)
	if err != nil {
		return container.Answer{Err: err}
	}
	a.Height = d.heights[s.Address]
	switch q := s.Query.(type) {
	case mutabledata.GetObject:
		a.Value, a.Err = q.Decode(answer)
	case mutabledata.GetShell:
		a.Value, a.Err = q.Decode(answer)
	case mutabledata.GetVersion:
		a.Value, a.Err = q.Decode(answer)
	case mutabledata.GetValuesOf:
		a.Value, a.Err = q.Decode(answer)
	}
	return a
}

func config() container.Config {
	me := vaultnet.PublicKey{1}
	return container.Config{Payer: me, Data: &inMemory{me, map[vaultnet.Address]*mutabledata.Object{}, map[vaultnet.Address]vaultnet.Height{}, map[vaultnet.Name][]byte{}}}
}

func Example() {
	ctx, cfg := context.Background(), config()
	ref, err := container.NewRef(nil, true, false)
	if err != nil {
		panic(err)
	}
	if _, err := container.Create(ctx, cfg, ref, nil); err != nil {
		panic(err)
	}
	files := container.NewFileSystem(cfg, ref)
	if err := files.MkdirAll(ctx, "trip/notes"); err != nil {
		panic(err)
	}
	if _, err := files.WriteFile(ctx, "trip/notes/plan.md", []byte("to the sea")); err != nil {
		panic(err)
	}
	if err := files.Rename(ctx, "trip/notes/plan.md", "trip/plan.md"); err != nil {
		panic(err)
	}
	err = files.Walk(ctx, ".", func(name string, d fs.DirEntry, err error) error {
		fmt.Println(name)
		return err
	})
	fmt.Println(err)
	// Output:
	// .
	// trip
	// trip/notes
	// trip/plan.md
	// <nil>
}

func ExampleContainer_Update() {
	ctx, cfg := context.Background(), config()
	ref, _ := container.NewRef(nil, true, false)
	c, _ := container.Create(ctx, cfg, ref, nil)
	version, _ := c.Insert(ctx, "title", []byte("Notes"))
	_, err := c.Update(ctx, "title", []byte("My notes"), version)
	fmt.Println(err)
	_, err = c.Update(ctx, "title", []byte("Our notes"), version)
	var e *container.Error
	fmt.Println(errors.Is(err, container.Conflict), errors.As(err, &e) && e.Version == 1)
	// Output:
	// <nil>
	// true true
}

func ExampleContainer_Apply() {
	ctx, cfg := context.Background(), config()
	ref, _ := container.NewRef(nil, false, true)
	c, _ := container.Create(ctx, cfg, ref, nil)
	var changes []container.Change
	for i := range 1000 {
		changes = append(changes, container.Change{Name: fmt.Sprint("name ", i), Do: container.Insert})
	}
	done := 0
	for _, r := range c.Apply(ctx, changes...) {
		if r.Err == nil {
			done++
		}
	}
	fmt.Println(done, "names")
	// Output: 1000 names
}

func ExampleFileSystem_OpenFile() {
	ctx, cfg := context.Background(), config()
	ref, _ := container.NewRef(nil, true, false)
	container.Create(ctx, cfg, ref, nil)
	files := container.NewFileSystem(cfg, ref)
	log, err := files.OpenFile(ctx, "log", container.Write|container.MayCreate)
	if err != nil {
		panic(err)
	}
	log.Seek(0, io.SeekEnd) // append
	io.Copy(log, strings.NewReader("one line\n"))
	fmt.Println(log.Close())
	content, info, err := files.ReadFile(ctx, "log")
	fmt.Printf("%q %d %v\n", content, info.Size(), err)
	// Output:
	// <nil>
	// "one line\n" 9 <nil>
}
