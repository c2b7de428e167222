// Package transfer copies the files of package weights' sources into the model
// bucket: from package hub to S3 without a copy on disk, several parts of
// several files concurrently.
//
// # What is verified
//
// A large file is a multipart upload. Its digest needs its bytes in order, but
// parts arrive out of order: at most [Parts] of them are in memory, and each is
// hashed after those before it. S3 checks each part against the SHA-256 sent
// with it, and stores that. The upload is completed only if the digest of the
// whole equals the hub's, and if S3 lists every part with the checksum of the
// hashed bytes. Until then there is no object with the file's key: every object
// there was verified, and its metadata contains the digest.
//
// # How an interrupted push is resumed
//
// Before a part is sent, the state of the digest before and after it is stored
// in a small object below [weights.UploadsPrefix]. So whenever a push ends,
// there is such an object for each part in S3, and the next push neither
// downloads nor reads that part again. The states are a chain: a part whose
// state before it differs from the previous part's state after it is not used.
//
// Concurrent pushes share an upload and send the same parts; the one that
// completes it last finds the file there.
package transfer

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
)

// File is a file of the catalog.
type File struct {
	Path   string // below [weights.Prefix]
	Size   int64  // bytes
	Digest Digest
	From   string // repository or URL, for messages

	remote *hub.File
}

// Key returns the file's key in the bucket.
func (f File) Key() string { return weights.Prefix + f.Path }

// Origin is a repository with the commit of its files.
type Origin struct {
	Repository string `json:"repository"`
	Revision   string `json:"revision"`
	Commit     string `json:"commit"`
}

// Catalog lists the files that the bucket should contain.
type Catalog struct {
	Origins []Origin
	Files   []File
}

// maxFile is the maximum size of a multipart upload, in bytes.
const maxFile = int64(PartSize) * 10_000

// ReadCatalog lists the files of the sources, and checks the access to each
// repository with one of its files.
func ReadCatalog(ctx context.Context, client *hub.Client, sources weights.Sources) (*Catalog, error) {
	c := &Catalog{}
	for _, repository := range sources.Repositories {
		if err := c.add(ctx, client, repository); err != nil {
			return nil, err
		}
	}
	if sources.DINOv2 != nil {
		if err := c.addDINOv2(ctx, client, *sources.DINOv2); err != nil {
			return nil, err
		}
	}
	seen := map[string]string{}
	for _, f := range c.Files {
		if other, twice := seen[f.Path]; twice {
			return nil, fmt.Errorf("%s would come both from %s and from %s: correct the list of sources", f.Path, other, f.From)
		}
		seen[f.Path] = f.From
		switch {
		case f.Key() == weights.RecordKey:
			return nil, fmt.Errorf("%s of %s has the name of the push's own record: correct the list of sources", f.Path, f.From)
		case f.Size > maxFile:
			return nil, fmt.Errorf("%s of %s has %d bytes; S3 takes %d at most in parts of this size", f.Path, f.From, f.Size, maxFile)
		case len(f.Key()) > 1024:
			return nil, fmt.Errorf("%s of %s has a path that is too long for a key of S3", f.Path, f.From)
		}
	}
	return c, nil
}

func (c *Catalog) add(ctx context.Context, client *hub.Client, r weights.Repository) error {
	commit, err := client.Commit(ctx, r.Name, r.Revision)
	if err != nil {
		return err
	}
	entries, err := client.Tree(ctx, r.Name, commit, r.Folder)
	if err != nil {
		return err
	}
	taken, err := take(r, entries)
	if err != nil {
		return err
	}
	for i, e := range taken {
		file := File{
			Path: path.Join(r.Target, e.name), Size: e.Size, From: r.Name,
			Digest: digestOf(e.Entry), remote: client.File(r.Name, commit, e.Entry),
		}
		if i == 0 {
			if err := file.remote.Check(ctx, e.SHA256); err != nil {
				return err
			}
		}
		c.Files = append(c.Files, file)
	}
	c.Origins = append(c.Origins, Origin{Repository: r.Name, Revision: r.Revision, Commit: commit})
	return nil
}

// entry is a file of a repository with its path below the repository's target.
type entry struct {
	hub.Entry
	name string
}

// take selects the files of a repository; all must exist, but not the exceptions.
func take(r weights.Repository, entries []hub.Entry) ([]entry, error) {
	var taken []entry
	if r.Folder != "" {
		for _, e := range entries {
			if name, inside := strings.CutPrefix(e.Path, r.Folder+"/"); inside && !slices.Contains(r.Except, name) {
				taken = append(taken, entry{Entry: e, name: name})
			}
		}
		if len(taken) == 0 {
			return nil, fmt.Errorf("%s has no files in %s: give the right folder with --sources", r.Name, r.Folder)
		}
		return taken, nil
	}
	for _, name := range r.Files {
		at := slices.IndexFunc(entries, func(e hub.Entry) bool { return e.Path == name })
		if at < 0 {
			return nil, fmt.Errorf("%s has no file %s: give the right name with --sources", r.Name, name)
		}
		taken = append(taken, entry{Entry: entries[at], name: path.Base(name)})
	}
	return taken, nil
}
