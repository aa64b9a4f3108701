package batch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// MaxInFlight is how many lines can be in flight.
const MaxInFlight = 1000

// maxBytes is how many bytes of lines may be in flight for another to begin.
const maxBytes = 2 * MaxLine

// Lines carries out a batch: one operation from each line of in, one answer to a line of out, in order, each written as
// soon as it and those before it are there. Up to inFlight lines, 1 to [MaxInFlight], have begun and are not answered:
// with 1 each line sees what those before it did; with more, lines run side by side, but nothing beside a sleep: it
// begins when every line before it is answered, and what follows it begins when it is over.
//
// It reports whether something was not understood. The error is one of reading, writing, or the context's cause. When
// the context ends, Lines begins nothing more, answers what is in flight, and returns, without waiting for a read from in
// that still blocks. It reads one line ahead, and none while more than 128 MiB of lines are in flight.
func (r *Runner) Lines(ctx context.Context, in io.Reader, out io.Writer, inFlight int) (misunderstood bool, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lines := make(chan line)
	go readLines(ctx, in, lines)

	b := begun{r: r, ctx: ctx, most: min(max(inFlight, 1), MaxInFlight)}
	w := bufio.NewWriter(out)
	done := ctx.Done()
	for {
		take := lines
		if !b.room() {
			take = nil
		}
		first := b.first()
		if take == nil && first == nil {
			break
		}
		select {
		case l, ok := <-take:
			switch {
			case !ok:
				b.ended = true
			case l.failed != nil:
				b.ended, err = true, l.failed
			default:
				b.begin(l)
			}
		case a := <-first:
			b.answered()
			misunderstood = misunderstood || a.misunderstood()
			if e := write(w, a); e != nil && err == nil {
				err = fmt.Errorf("writing an answer: %w", e)
				stop(err) // what is in flight is waited for
			}
		case <-done:
			b.ended, done = true, nil
			if err == nil {
				err = context.Cause(ctx)
			}
		}
	}
	return misunderstood, err
}

func write(w *bufio.Writer, a Answer) error {
	w.Write(a.JSON())
	w.WriteByte('\n')
	return w.Flush() // whoever drives this may wait for it; errors stick
}

// begun are the lines in flight.
type begun struct {
	r       *Runner
	ctx     context.Context
	most    int
	answers []chan Answer // of the lines that have begun, in order
	sizes   []int         // of those lines, bytes
	bytes   int           // their sum
	sleeper *Operation    // waits until it is alone
	alone   bool          // the only line in flight is a sleep
	ended   bool          // nothing more begins
}

// room reports whether another line may begin.
func (b *begun) room() bool {
	return !b.ended && !b.alone && b.sleeper == nil && len(b.answers) < b.most && b.bytes < maxBytes
}

// first is where the next answer to be written comes from, nil where nothing is in flight.
func (b *begun) first() chan Answer {
	if len(b.answers) == 0 {
		return nil
	}
	return b.answers[0]
}

func (b *begun) begin(l line) {
	if l.op != nil && l.op.Verb.Name == "sleep" {
		b.sleeper = l.op
		b.wake()
		return
	}
	answer := b.add(l.size)
	if l.wrong != nil {
		answer <- Misunderstood(l.wrong)
		return
	}
	go func() { answer <- b.r.Do(b.ctx, l.op) }()
}

// add makes room for the answer of a line that begins.
func (b *begun) add(size int) chan Answer {
	answer := make(chan Answer, 1)
	b.answers, b.sizes = append(b.answers, answer), append(b.sizes, size)
	b.bytes += size
	return answer
}

// wake begins the sleep that waits, if there is one and it is alone.
func (b *begun) wake() {
	if b.sleeper == nil || len(b.answers) > 0 {
		return
	}
	o, answer := b.sleeper, b.add(0)
	b.sleeper, b.alone = nil, true
	go func() { answer <- b.r.Do(b.ctx, o) }()
}

// answered forgets the first line in flight.
func (b *begun) answered() {
	b.bytes -= b.sizes[0]
	b.answers, b.sizes = b.answers[1:], b.sizes[1:]
	if len(b.answers) == 0 {
		b.alone = false
	}
	b.wake()
}

// line is one line as it was read.
type line struct {
	op     *Operation
	size   int   // bytes
	wrong  error // it is no operation
	failed error // it could not be read, and nothing after it
}

// readLines hands on one line after the other, and closes lines at the end of in.
func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	defer close(lines)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		text, err := readLine(r)
		var l line
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errTooLong):
			l.wrong = err
		case err != nil:
			l.failed = fmt.Errorf("reading an operation: %w", err)
		default:
			l.size = len(text)
			l.op, l.wrong = Decode(text)
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
		if l.failed != nil {
			return
		}
	}
}

var errTooLong = fmt.Errorf("a line of more than %d bytes", MaxLine)

// readLine reads one line without its end; the last one may have none. Of a line that is too long it skips the rest. At
// the end of the input it returns io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	size := 0
	for {
		part, err := r.ReadSlice('\n')
		size += len(part)
		if size <= MaxLine+1 {
			text = append(text, part...)
		} else {
			text = nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case err != nil && size == 0:
			return nil, io.EOF
		}
		if err == nil { // without the line's end
			size--
			if text != nil {
				text = text[:size]
			}
		}
		if size > MaxLine {
			return nil, errTooLong
		}
		return text, nil
	}
}
