package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/download"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

type getCommand struct {
	one
	To   string `default:"." placeholder:"DIR" help:"Folder in which a folder of the job's number is created; the current one by default."`
	JSON bool   `name:"json" help:"Print {folder, files}."`
}

// downloaded is what is in the folder after a download.
type downloaded struct {
	Folder  string           `json:"folder"`
	Files   []downloadedFile `json:"files"`
	fetched int              // files
	bytes   int64            // fetched
	total   int              // files of the job
	s       console.Streams
}

type downloadedFile struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Present bool   `json:"present"` // before
}

// Run downloads the files, and prints their number and folder.
func (c *getCommand) Run(ctx context.Context, s console.Streams) error {
	t, snapshot, err := c.open(ctx)
	if err != nil {
		return err
	}
	files, err := Files(ctx, t.Data, snapshot)
	if err != nil {
		return err
	}
	d := &downloaded{Folder: filepath.Join(c.To, string(snapshot.Ref.Job)), Files: []downloadedFile{}, total: len(files), s: s}
	if err := download.Files(ctx, t.Data, d.Folder, files, d.done); err != nil {
		return fmt.Errorf("%w (repeat the command to continue)", err)
	}
	if c.JSON {
		slices.SortFunc(d.Files, func(a, b downloadedFile) int { return strings.Compare(a.Name, b.Name) })
		return s.JSON(d)
	}
	_, err = fmt.Fprintf(s.Out, "%s in %s: %d fetched (%s), %d were there.\n", console.Count(d.total, "file"), d.Folder, d.fetched, job.Bytes(d.bytes), d.total-d.fetched)
	return err
}

func (d *downloaded) done(f download.File, present bool) {
	d.Files = append(d.Files, downloadedFile{f.Name, f.Bytes, present})
	if present {
		return
	}
	d.fetched++
	d.bytes += f.Bytes
	d.s.Say("%d/%d %s, %s", len(d.Files), d.total, f.Name, job.Bytes(f.Bytes))
}

// Files lists the files of a job, with names relative to a folder of its own:
// everything in its output folder, and the photo.
func Files(ctx context.Context, b *bucket.Bucket, s *job.Snapshot) ([]download.File, error) {
	stored, err := b.List(ctx, s.Ref.OutputPrefix())
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	var files []download.File
	if s.Manifest {
		content, err := b.Content(ctx, s)
		switch {
		case errors.Is(err, bucket.ErrUnreadable): // the files are there nevertheless
		case err != nil:
			return nil, err
		default:
			sums = sumsOf(content)
			if files, err = photoOf(ctx, b, content.Manifest.Source); err != nil {
				return nil, err
			}
		}
	}
	for _, object := range stored {
		files = append(files, download.File{
			Key: object.Key, Name: download.SafeName(strings.TrimPrefix(object.Key, s.Ref.OutputPrefix())),
			Bytes: object.Bytes, ETag: object.ETag, SHA256: sums[object.Key],
		})
	}
	return files, nil
}

// sumsOf returns the SHA-256 of the files by key.
func sumsOf(content *bucket.Content) map[string]string {
	sums := map[string]string{}
	for _, result := range content.Results {
		for _, f := range result.Files {
			sums[f.Key] = f.SHA256
		}
	}
	return sums
}

// photoOf returns the job's photo. One that was deleted is no reason to fetch
// nothing.
func photoOf(ctx context.Context, b *bucket.Bucket, source job.Source) ([]download.File, error) {
	found, err := b.Photo(ctx, source.Key, source.VersionID)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := "photo" + strings.ToLower(path.Ext(source.Key))
	return []download.File{{Key: source.Key, Version: source.VersionID, Name: name, Bytes: found.Bytes, ETag: found.ETag}}, nil
}
