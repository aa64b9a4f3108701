package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"vaultnet/client/auth"
)

// secret is where a password comes from: a file, the environment, or whoever sits at the terminal. Never the command line,
// which everybody on the machine can read.
type secret struct {
	what string // "password"
	flag string // the flag that names the file
	env  string
	file string
}

func (s *secret) flags(f *flag.FlagSet) {
	f.StringVar(&s.file, s.flag, "", fmt.Sprintf("`FILE` with the %s on its first line, - for the standard input (default: $%s, else you are asked)", s.what, s.env))
}

// get returns the password. A new one is asked for twice.
func (s *secret) get(ctx context.Context, io streams, fresh bool) (string, error) {
	switch text, ok := os.LookupEnv(s.env); {
	case s.file == "-":
		return firstLine(io.in)
	case s.file != "":
		f, err := os.Open(s.file)
		if err != nil {
			return "", exit{code: exitUsage, err: err}
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			fmt.Fprintf(io.err, "warning: others may read %s: chmod 600 %s\n", s.file, s.file)
		}
		text, err := firstLine(f)
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.file, err)
		}
		return text, nil
	case ok:
		return text, nil
	}
	fd, ok := terminal(io.in)
	if !ok {
		return "", exit{code: exitUsage, err: fmt.Errorf("no %s: there is no terminal to ask on; name a file with -%s FILE, or set $%s", s.what, s.flag, s.env)}
	}
	text, err := ask(ctx, io, fd, strings.ToUpper(s.what[:1])+s.what[1:])
	if err != nil || !fresh {
		return text, err
	}
	again, err := ask(ctx, io, fd, "Once more")
	if err == nil && again != text {
		err = errors.New("they are not the same")
	}
	return text, err
}

// ask reads a password without showing it. Whatever ends it, the terminal shows again what is typed.
func ask(ctx context.Context, io streams, fd int, prompt string) (string, error) {
	fmt.Fprintf(io.err, "%s: ", prompt)
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	text, err := whileHere(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	fmt.Fprintln(io.err)
	if ctx.Err() != nil {
		_ = term.Restore(fd, before) // whoever reads there goes on reading
	}
	return text, err
}

// whileHere waits for what somebody types, or for the context to end.
func whileHere(ctx context.Context, read func() (string, error)) (string, error) {
	type typed struct {
		text string
		err  error
	}
	done := make(chan typed, 1)
	go func() { // ends with the line, or with the program
		text, err := read()
		done <- typed{text, err}
	}()
	select {
	case t := <-done:
		return t.text, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// firstLine reads a password: everything up to the first line's end.
func firstLine(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, auth.MaxPassword+3))
	if err != nil {
		return "", err
	}
	text, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}

// terminal tells the file descriptor of a terminal.
func terminal(f any) (fd int, ok bool) {
	file, ok := f.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}

// confirm asks a question on the terminal; without one it is not asked and asked is false.
func confirm(ctx context.Context, s streams, question string) (yes, asked bool) {
	if _, ok := terminal(s.in); !ok {
		return false, false
	}
	if _, ok := terminal(s.err); !ok {
		return false, false
	}
	fmt.Fprintf(s.err, "%s [y/N] ", question)
	line, err := whileHere(ctx, func() (string, error) { return typedLine(s.in) })
	if err != nil {
		fmt.Fprintln(s.err)
		return false, true
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", true
}

// typedLine reads a short line, and nothing after it.
func typedLine(r io.Reader) (string, error) {
	line, one := make([]byte, 0, 16), make([]byte, 1)
	for len(line) < 64 {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		if line = append(line, one[:n]...); err != nil {
			return string(line), err
		}
	}
	return string(line), nil
}
