package container

import (
	"context"

	"vaultnet"
)

// Draft stores what was written as Sync does, but not the file's record: that it returns, for [FileSystem.OpenDraft] to go
// on from in another process, without anybody having seen half a file. It opens the content and is as secret. A draft at
// a multiple of [MaxChunk] bytes costs no chunk that is written again later. It costs what Sync costs, less the record.
func (f *File) Draft() ([]byte, error) {
	if err := f.writable(); err != nil {
		return nil, err
	}
	r := *f.spot.record
	r.From = nil
	if err := f.blob.store(f.ctx, &r); err != nil {
		return nil, at("write", f.spot.path, err)
	}
	return r.encode(), nil
}

// Checkpoint is Draft for who goes on writing at the end: it waits for nothing that is under way. The draft has the content
// up to the first chunk that is not stored yet; nil where that is next to nothing. Where something behind that is stored, as
// in a file that was there before, it is what Draft gives.
func (f *File) Checkpoint() ([]byte, error) {
	if err := f.writable(); err != nil {
		return nil, err
	}
	r := *f.spot.record
	r.From = nil
	done, err := f.blob.storedPart(f.ctx, &r)
	switch {
	case err != nil:
		return nil, at("write", f.spot.path, err)
	case !done:
		return f.Draft()
	case r.size() == 0:
		return nil, nil
	}
	return r.encode(), nil
}

// OpenDraft opens a file for writing with the content that it had when a draft was made, whatever it is now. It is stored
// over what is there, as any change is. Corrupt for what is no draft.
func (f *FileSystem) OpenDraft(ctx context.Context, name string, draft []byte) (*File, error) {
	r, ok := decodeRecord(draft)
	if !ok || r.Type != RegularFile {
		return nil, refuse("open", name, Corrupt)
	}
	file, err := f.OpenFile(ctx, name, Write|MayCreate|Truncate)
	if err != nil {
		return nil, err
	}
	if file.spot.fresh {
		file.spot.record.ID, file.spot.record.Created = r.ID, r.Created
	}
	key, err := f.contentKey(file.spot.c, r)
	if err != nil {
		return nil, fail("open", name, err)
	}
	file.blob = newBlob(f.cfg, r, key)
	return file, nil
}

// SetModified has the file's record say that it was written at a time, rather than when it is stored: of copies of files
// that have times of their own.
func (f *File) SetModified(t vaultnet.Time) error {
	if err := f.writable(); err != nil {
		return err
	}
	a := Attributes{Modified: t}
	if err := a.check("write", f.spot.path); err != nil {
		return err
	}
	f.modified, f.changed = t, true
	return nil
}
