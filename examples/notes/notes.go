package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
)

// app is what the owner sees when he is asked, and access what he is asked for: a container of the app's own, with all
// rights, and nothing else.
var (
	app    = auth.App{ID: "org.example.notes", Name: "Notes", Vendor: "Example"}
	access = auth.Access{Own: true}
)

const (
	ownPath  = "apps/org.example.notes" // of the app's own container, in the account
	linkMark = "shared"                 // metadata of a shared note: the reference of its copy, key included
	linkName = "note"                   // of the copy, in a container of its own
	maxNote  = 1 << 20                  // bytes
)

// notes are the app's notes in one account.
type notes struct {
	client *client.Client
	cred   auth.Credentials
}

// openNotes reads the credentials and connects to their network.
func openNotes(ctx context.Context, path string) (*notes, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w\nIts owner makes it: safe authorise %s -own -out %s", err, app.ID, path)
	}
	n := &notes{}
	if err := n.cred.UnmarshalText(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	n.client, err = client.Local(ctx, n.cred.Name)
	return n, err
}

// config acts with the app's key, and the owner's account pays.
func (n *notes) config() container.Config {
	return n.client.Containers(client.Actor{Key: client.KeyOf(n.cred.Key), Account: n.cred.Owner})
}

// own does something with the app's own container. What the app has is read from the network each time, and once more
// where the network refuses: so a revocation is noticed, and new rights are.
func (n *notes) own(ctx context.Context, do func(*container.FileSystem) error) error {
	cfg := n.config()
	return auth.Try(ctx, cfg.Data, &n.cred, func(g *auth.Given) error {
		own, err := g.Container(ownPath)
		if err != nil {
			return err
		}
		return do(container.NewFileSystem(cfg, own.Ref))
	})
}

// add keeps a note, and changes the copy of one that is shared.
func (n *notes) add(ctx context.Context, c *call) error {
	title := c.args[1]
	if title == "." || strings.Contains(title, "/") {
		return errors.New("a title has no / and is not a dot")
	}
	text, err := io.ReadAll(io.LimitReader(c.in, maxNote+1))
	if err != nil {
		return err
	}
	if len(text) > maxNote {
		return errors.New("a note has at most 1 MiB")
	}
	return n.own(ctx, func(files *container.FileSystem) error {
		info, err := files.WriteFile(ctx, title, text) // its metadata stays
		if err != nil {
			return err
		}
		if link := info.Metadata()[linkMark]; link != "" {
			return n.copy(ctx, link, text)
		}
		return nil
	})
}

func (n *notes) list(ctx context.Context, c *call) error {
	return n.own(ctx, func(files *container.FileSystem) error {
		all, err := files.ReadDir(ctx, ".")
		if err != nil {
			return err
		}
		for _, info := range all {
			shared := ""
			if info.Metadata()[linkMark] != "" {
				shared = "  shared"
			}
			fmt.Fprintf(c.out, "%s  %d bytes%s\n", info.Name(), info.Size(), shared)
		}
		return nil
	})
}

func (n *notes) show(ctx context.Context, c *call) error {
	return n.own(ctx, func(files *container.FileSystem) error {
		text, _, err := files.ReadFile(ctx, c.args[1])
		if err == nil {
			_, err = c.out.Write(text)
		}
		return err
	})
}

func (n *notes) remove(ctx context.Context, c *call) error {
	return n.own(ctx, func(files *container.FileSystem) error {
		if err := n.end(ctx, files, c.args[1]); err != nil {
			return err
		}
		return files.Remove(ctx, c.args[1])
	})
}

// share makes a container for the note alone, and prints the reference that leads to it and opens it. Whoever has that can
// read the note; only the owner, and the app with its permissions, can change it. The link is noted with the note before
// anything is copied: repeated after a crash, the same link is made good.
func (n *notes) share(ctx context.Context, c *call) error {
	return n.own(ctx, func(files *container.FileSystem) error {
		title := c.args[1]
		text, info, err := files.ReadFile(ctx, title)
		if err != nil {
			return err
		}
		link := info.Metadata()[linkMark]
		if link == "" {
			ref, err := container.NewRef(nil, true, false)
			if err != nil {
				return err
			}
			link = ref.Secret()
			if err := mark(ctx, files, title, link); err != nil {
				return err
			}
		}
		if err := n.copy(ctx, link, text); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, link)
		return err
	})
}

// copy writes a note to where a link leads, and makes that where it is not there yet.
func (n *notes) copy(ctx context.Context, link string, text []byte) error {
	ref, err := container.ParseRef(link)
	if err != nil {
		return err
	}
	me := mutabledata.UserOf(client.KeyOf(n.cred.Key).Public())
	permissions := map[mutabledata.User]mutabledata.PermissionSet{me: client.Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)}
	if _, err := container.Create(ctx, n.config(), ref, permissions); err != nil {
		return err
	}
	_, err = container.NewFileSystem(n.config(), ref).WriteFile(ctx, linkName, text)
	return err
}

func (n *notes) unshare(ctx context.Context, c *call) error {
	return n.own(ctx, func(files *container.FileSystem) error { return n.end(ctx, files, c.args[1]) })
}

// end removes a note's copy, if there is one, and then what is noted of it.
func (n *notes) end(ctx context.Context, files *container.FileSystem, title string) error {
	info, err := files.Stat(ctx, title)
	if err != nil {
		return err
	}
	link := info.Metadata()[linkMark]
	if link == "" {
		return nil
	}
	ref, err := container.ParseRef(link)
	if err != nil {
		return err
	}
	err = container.NewFileSystem(n.config(), ref).Remove(ctx, linkName)
	if err != nil && !errors.Is(err, container.NotExist) {
		return err
	}
	return mark(ctx, files, title, "")
}

// mark notes with a note where its copy is; "": there is none.
func mark(ctx context.Context, files *container.FileSystem, title, link string) error {
	file, err := files.OpenFile(ctx, title, container.Write)
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	if link != "" {
		metadata[linkMark] = link
	}
	if err := file.SetMetadata(metadata); err != nil {
		file.Discard()
		return err
	}
	return file.Close()
}

// readLink reads somebody's note. To read needs no permission: the link has the key.
func readLink(ctx context.Context, c *call) error {
	ref, err := container.ParseRef(c.args[1])
	if err != nil {
		return err
	}
	network, err := client.Local(ctx)
	if err != nil {
		return err
	}
	defer network.Close()
	stranger := network.Containers(client.Actor{Key: client.NewKey()})
	text, _, err := container.NewFileSystem(stranger, ref).ReadFile(ctx, linkName)
	if err == nil {
		_, err = c.out.Write(text)
	}
	return err
}

// editLink tries to change somebody's note. The link opens it, but whose it is the vaults know.
func editLink(ctx context.Context, c *call) error {
	ref, err := container.ParseRef(c.args[1])
	if err != nil {
		return err
	}
	n, err := openNotes(ctx, c.credentials)
	if err != nil {
		return err
	}
	defer n.client.Close()
	text, err := io.ReadAll(io.LimitReader(c.in, maxNote))
	if err != nil {
		return err
	}
	_, err = container.NewFileSystem(n.config(), ref).WriteFile(ctx, linkName, text)
	return err
}
