package routing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/multiformats/go-multiaddr"
)

// pair is the two ends of a connection from node 1 to node 2.
func pair(t *testing.T, m *Memory) (from, to net.Conn) {
	t.Helper()
	l := &memoryListener{network: m, at: 2, incoming: make(chan *memoryConn, 1), closed: make(chan struct{})}
	m.listeners[2] = l
	c, err := (&memoryTransport{network: m, self: 1}).connect(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	t.Cleanup(func() { c.Close(); a.Close() })
	return c, a
}

func TestPipeCarriesBytesInOrder(t *testing.T) {
	for name, link := range map[string]Link{
		"perfect": {}, "slow": {Delay: 2 * time.Millisecond}, "lossy": {Delay: time.Millisecond, Loss: 0.01},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMemory()
			m.Shape(func(uint64, uint64) Link { return link })
			a, b := pair(t, m)
			sent := make([]byte, 1<<20)
			for i := range sent {
				sent[i] = byte(i ^ i>>8 ^ i>>16)
			}
			var group sync.WaitGroup
			for _, ends := range [][2]net.Conn{{a, b}, {b, a}} {
				group.Go(func() {
					for i := 0; i < len(sent); i += 10_000 {
						if _, err := ends[0].Write(sent[i:min(i+10_000, len(sent))]); err != nil {
							t.Error(err)
						}
					}
				})
				group.Go(func() {
					got := make([]byte, len(sent))
					if _, err := io.ReadFull(ends[1], got); err != nil || !bytes.Equal(got, sent) {
						t.Errorf("%v; equal: %v", err, bytes.Equal(got, sent))
					}
				})
			}
			group.Wait()
		})
	}
}

func TestPipeDelays(t *testing.T) {
	m := NewMemory()
	const delay = 30 * time.Millisecond
	m.Shape(func(from, to uint64) Link {
		if from == 1 {
			return Link{Delay: delay}
		}
		return Link{}
	})
	a, b := pair(t, m)
	begin := time.Now()
	a.Write([]byte("x"))
	if _, err := b.Read(make([]byte, 1)); err != nil || time.Since(begin) < delay {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestPipePartition(t *testing.T) {
	m := NewMemory()
	a, b := pair(t, m)
	m.Shape(func(from, to uint64) Link { return Link{Down: from == 1} })
	if _, err := a.Write([]byte("held")); err != nil {
		t.Fatal(err)
	}
	b.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := b.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d bytes through a partition, %v", n, err)
	}
	b.SetReadDeadline(time.Time{})
	b.Write([]byte("free"))
	got := make([]byte, 4)
	if _, err := io.ReadFull(a, got); err != nil || string(got) != "free" {
		t.Errorf("the other way: %q, %v", got, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := (&memoryTransport{network: m, self: 1}).connect(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connecting through a partition: %v", err)
	}
	time.AfterFunc(20*time.Millisecond, func() { m.Shape(nil) })
	if _, err := io.ReadFull(b, got); err != nil || string(got) != "held" {
		t.Errorf("after healing: %q, %v", got, err)
	}
}

func TestPipeIsBoundedAndHasDeadlines(t *testing.T) {
	a, b := pair(t, NewMemory())
	a.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := a.Write(make([]byte, 3*pipeBuffer))
	var timeout net.Error
	if n != pipeBuffer || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("wrote %d, %v", n, err)
	}
	a.SetWriteDeadline(time.Time{})
	go io.Copy(io.Discard, b)
	if n, err := a.Write(make([]byte, 3*pipeBuffer)); n != 3*pipeBuffer || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
}

func TestPipeCloses(t *testing.T) {
	a, b := pair(t, NewMemory())
	a.Write([]byte("last words"))
	a.Close()
	a.Close()
	if got, err := io.ReadAll(b); err != nil || string(got) != "last words" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := b.Write([]byte("x")); err == nil {
		t.Error("written to a closed end")
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read of a closed end: %v", err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write to a closed end: %v", err)
	}
	c, d := pair(t, NewMemory())
	time.AfterFunc(10*time.Millisecond, func() { c.Close() })
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read that waits at Close: %v", err)
	}
	if _, err := d.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the other end: %v", err)
	}
}

func TestMemoryAddresses(t *testing.T) {
	for s, want := range map[string]bool{"/memory/0": true, "/memory/18446744073709551615": true, "/ip4/127.0.0.1/tcp/1": false, "/memory/1/tcp/2": false} {
		a := multiaddr.StringCast(s)
		if _, ok := memoryNumber(a); ok != want {
			t.Errorf("%s is an address in memory: %v", s, ok)
		}
	}
}
