package objectstore

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
)

// notifyingBackend is the gateway's backend with an event for each created
// object and with locks for concurrent calls for one key. The gateway's own
// webhook events are not sufficient: the event of a browser's POST has no key,
// and events are lost when the process ends.
type notifyingBackend struct {
	backend.Backend
	files      *posix.Posix // the same backend
	attributes *attributes
	versions   *versions
	locks      *locks
	events     *notifier
	admit      func(bucket, key string, bytes int64) error
	log        *slog.Logger
}

// PutObject serves both PUT and a browser's POST.
func (b *notifyingBackend) PutObject(ctx context.Context, in s3response.PutObjectInput) (out s3response.PutObjectOutput, err error) {
	bucket, key := deref(in.Bucket), deref(in.Key)
	from, isPost := requestOf(ctx)
	name := createdByPut
	if isPost {
		name = createdByPost
	}
	if err := b.admitted(bucket, key, deref(in.ContentLength)); err != nil {
		return s3response.PutObjectOutput{}, err
	}
	err = b.create(ctx, name, bucket, key, from, func(w *write) (creation, error) {
		if strings.HasSuffix(key, "/") { // a folder; its body is not read
			if err := w.begin(); err != nil {
				return creation{}, err
			}
		}
		in.Body = &body{Reader: in.Body, whole: w.begin}
		out, err = b.Backend.PutObject(ctx, in)
		out.VersionID = w.version
		return creation{size: deref(out.Size), etag: out.ETag, versionID: w.version}, err
	})
	if err != nil {
		return s3response.PutObjectOutput{}, b.answer(ctx, "PutObject", bucket, key, err)
	}
	return out, nil
}

// creation is what an event contains about the created object.
type creation struct {
	size            int64
	etag, versionID string
}

// write is one write of an object, from the time when its content is on disk.
type write struct {
	b           *notifyingBackend
	bucket, key string
	version     string // the ID of the new version; empty if the key has no versions
	unlock      func()
	kept        string // the place of the replaced version
	metadata    *publication
}

// begin locks the key and opens the publication of its metadata.
func (w *write) begin() (err error) {
	return w.beginWith(w.b.locks.writing(w.bucket, w.key))
}

func (w *write) beginWith(unlock func()) (err error) {
	w.unlock = unlock
	if w.version != "" {
		if w.kept, err = w.b.versions.keep(w.bucket, w.key); err != nil {
			return err
		}
	}
	w.metadata, err = w.b.attributes.begin(w.bucket, w.key)
	if err == nil && w.version != "" {
		err = w.metadata.add(versionAttribute, w.version)
	}
	return err
}

// end publishes the metadata if the object was written, and unlocks the key.
func (w *write) end(written bool) (err error) {
	if w.metadata != nil {
		err = w.metadata.end(written)
	}
	if w.kept != "" && !written {
		err = errors.Join(err, w.b.versions.drop(w.bucket, w.kept))
	}
	if w.unlock != nil {
		w.unlock()
	}
	return err
}

// create runs do between recording the intent and queuing the event. do must
// begin the write before the object is put in its place.
//
// The event can be queued after the request has ended. The gateway's strings
// are parts of the request's buffer, which the next request overwrites, so
// create copies them:
// https://docs.gofiber.io/#zero-allocation
func (b *notifyingBackend) create(ctx context.Context, name, bucket, key string, from origin, do func(*write) (creation, error)) error {
	bucket, key = strings.Clone(bucket), strings.Clone(key)
	version := b.versions.newID(bucket, key)
	it, err := b.events.intend(name, bucket, key, version, from, b.fileOf(bucket, key))
	if err != nil {
		return err
	}
	made, at, err := b.written(&write{b: b, bucket: bucket, key: key, version: version}, do)
	if err != nil {
		err = b.vanished(ctx, bucket, key, err)
	}
	switch {
	case it == nil:
		return err
	case err != nil:
		b.events.drop(it)
		return err
	}
	b.events.keep(it, made, at)
	return nil
}

// written runs do and ends its write in any case. The event is stamped while
// the key is locked, so that events of a key are in the order of their writes.
func (b *notifyingBackend) written(w *write, do func(*write) (creation, error)) (made creation, at stamp, err error) {
	done := false
	defer func() {
		failed := w.end(done)
		if err == nil {
			err = failed
		}
	}()
	if made, err = do(w); err != nil {
		return creation{}, stamp{}, err
	}
	done = true
	return made, b.events.stamp(), nil
}

// fileOf identifies the file at a key, as [attributes.fileID] does.
func (b *notifyingBackend) fileOf(bucket, key string) string {
	return b.attributes.fileID(bucket + "/" + key)
}

// requestOf returns the HTTP request of a backend call and whether it is a
// browser's POST of an object.
func requestOf(ctx context.Context) (from origin, isPost bool) {
	request, ok := ctx.(*fasthttp.RequestCtx)
	if !ok {
		return origin{}, false
	}
	return origin{
		RequestID: string(request.Response.Header.Peek("x-amz-request-id")),
		HostID:    string(request.Response.Header.Peek("x-amz-id-2")),
	}, request.IsPost()
}
