package transfer

import (
	"context"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
)

// State is whether the bucket has a file.
type State string

// The states of a file.
const (
	Present State = "present" // under its key, with the size and the digest of the source
	Partly  State = "partly"  // some parts of an upload
	Missing State = "missing"
)

// Item is a file with its state in the bucket.
type Item struct {
	File
	State    State
	Uploaded int64 // bytes in the bucket

	upload *upload // the one to resume
}

// Plan lists what a push would do.
type Plan struct {
	Bucket  string
	Origins []Origin
	Items   []Item
	// Recorded is whether weights.json exists and lists exactly these files.
	Recorded bool
	// Extraneous are the objects below the prefix that are from none of the
	// sources, and their size. The endpoint downloads them too.
	Extraneous      []string
	ExtraneousBytes int64
}

// Size returns the size of all files, and how much of it is in the bucket.
func (p *Plan) Size() (size, uploaded int64) {
	for _, item := range p.Items {
		size, uploaded = size+item.Size, uploaded+item.Uploaded
	}
	return size, uploaded
}

// Finished reports whether there is nothing to push.
func (p *Plan) Finished() bool {
	for _, item := range p.Items {
		if item.State != Present {
			return false
		}
	}
	return p.Recorded
}

// MakePlan compares a catalog with the bucket, without changing it.
func MakePlan(ctx context.Context, client S3, name string, catalog *Catalog) (*Plan, error) {
	b := &bucket{s3: client, name: name}
	plan := &Plan{Bucket: name, Origins: catalog.Origins, Items: make([]Item, len(catalog.Files))}
	objects, err := b.list(ctx, weights.Prefix)
	if err != nil {
		return nil, err
	}
	uploads, err := b.uploads(ctx)
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, o := range objects {
		sizes[o.key] = o.size
	}
	wanted := map[string]bool{weights.RecordKey: true}
	indexes := make([]int, len(catalog.Files))
	for i, file := range catalog.Files {
		plan.Items[i] = Item{File: file, State: Missing}
		wanted[file.Key()] = true
		indexes[i] = i
	}
	for _, o := range objects {
		if !wanted[o.key] {
			plan.Extraneous = append(plan.Extraneous, o.key)
			plan.ExtraneousBytes += o.size
		}
	}
	err = forEach(ctx, indexes, func(ctx context.Context, i int) error {
		item := &plan.Items[i]
		if size, there := sizes[item.Key()]; there && size == item.Size {
			verified, err := b.present(ctx, item.File)
			if err != nil {
				return err
			}
			if verified {
				item.State, item.Uploaded = Present, item.Size
				return nil
			}
		}
		return b.find(ctx, uploads, item)
	})
	if err != nil {
		return nil, err
	}
	if _, listed := sizes[weights.RecordKey]; listed {
		var record Record
		there, err := b.readDocument(ctx, weights.RecordKey, &record)
		if err != nil {
			return nil, err
		}
		plan.Recorded = there && reflect.DeepEqual(record, catalog.record())
	}
	return plan, nil
}

// digestField is the object metadata (x-amz-meta-) with the digest that a file
// was verified against.
const digestField = "digest"

// present reports whether the bucket has a verified file.
func (b *bucket) present(ctx context.Context, f File) (bool, error) {
	key := f.Key()
	head, err := b.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, explain(b.name, "s3:GetObject", err)
	}
	return head.ContentLength != nil && *head.ContentLength == f.Size && head.Metadata[digestField] == string(f.Digest), nil
}

// find sets the item's upload to the one with the most bytes.
func (b *bucket) find(ctx context.Context, uploads []upload, item *Item) error {
	if item.Size <= PartSize {
		return nil
	}
	for _, u := range uploads {
		if u.key != item.Key() || !u.checked {
			continue
		}
		var record uploadRecord
		if there, err := b.readDocument(ctx, uploadRecordKey(u.id), &record); err != nil {
			return err
		} else if !there || record != recordOf(item.File) {
			continue // not of a push, or of another version of the file: the bucket's lifecycle aborts it
		}
		var err error
		if u.parts, u.bytes, err = b.parts(ctx, item.File, u.id); isGone(err) {
			continue
		} else if err != nil {
			return err
		}
		if item.upload == nil || u.bytes > item.Uploaded {
			item.upload, item.Uploaded = &u, u.bytes
		}
	}
	if item.Uploaded > 0 {
		item.State = Partly
	}
	return nil
}

// Record is weights.json: the files of a complete push. It is deterministic:
// the same files have the same record.
type Record struct {
	Version int            `json:"version"` // 1
	Sources []Origin       `json:"sources"`
	Files   []RecordedFile `json:"files"`
}

// RecordedFile is a file below the prefix.
type RecordedFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	Digest Digest `json:"digest"`
	From   string `json:"from"`
}

func (c *Catalog) record() Record {
	record := Record{Version: 1, Sources: c.Origins, Files: make([]RecordedFile, len(c.Files))}
	for i, f := range c.Files {
		record.Files[i] = RecordedFile{Path: f.Path, Size: f.Size, Digest: f.Digest, From: f.From}
	}
	return record
}

// String returns a line for messages.
func (o Origin) String() string { return fmt.Sprintf("%s @ %s", o.Repository, o.Commit) }
