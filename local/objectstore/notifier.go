package objectstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
	"go.etcd.io/bbolt"

	"gen3d/local/queue"
)

var intentsBucket = []byte("objectstore/intents")

// intent announces an event on disk while its object is being written. The
// rules are matched when it is kept, so that after a restart the current rules
// apply.
type intent struct {
	Name   string `json:"name"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Origin origin `json:"origin"`
	// Version is the ID of the new version; empty if the key has no
	// versions.
	Version string `json:"version,omitempty"`
	// Before identifies the previous file at the key; empty if there was
	// none.
	Before string `json:"before,omitempty"`

	id uint64
}

// stamp is an event's position in the order of the key's events.
type stamp struct {
	at        time.Time
	sequencer string
}

// retryPause is the delay before the notifier repeats an operation that the
// database has refused, for example on a full disk.
const retryPause = time.Second

// notifier queues the events of created objects.
type notifier struct {
	db       *queue.DB
	rules    []Rule
	deliver  func(tx *bbolt.Tx, function string, event []byte) error
	now      func() time.Time
	log      *slog.Logger
	sequence sequence

	// Operations that the database has refused are repeated until stopping
	// is closed. Their intents are on disk.
	retries  sync.WaitGroup
	stopping chan struct{}
}

func newNotifier(cfg Config) *notifier {
	return &notifier{db: cfg.DB, rules: cfg.Rules, deliver: cfg.Deliver, now: cfg.Now, log: cfg.Log, stopping: make(chan struct{})}
}

// stop ends the retries. The next start completes their operations.
func (n *notifier) stop() {
	close(n.stopping)
	n.retries.Wait()
}

// stamp returns the next stamp.
func (n *notifier) stamp() stamp {
	at := n.now()
	return stamp{at: at, sequencer: n.sequence.next(at)}
}

// retry runs do now and, if it fails, in the background until it succeeds.
func (n *notifier) retry(what string, it *intent, do func() error) {
	err := do()
	if err == nil {
		return
	}
	n.log.Error("the database refused an event; retrying", "what", what, "bucket", it.Bucket, "key", it.Key, "error", err.Error())
	n.retries.Go(func() {
		for {
			select {
			case <-n.stopping:
				return
			case <-time.After(retryPause):
			}
			if do() == nil {
				n.log.Info("the database accepts events again", "what", what, "bucket", it.Bucket, "key", it.Key)
				return
			}
		}
	})
}

// intend records that an object is about to be written. It returns nil if no
// rule matches.
func (n *notifier) intend(name, bucket, key, version string, from origin, before string) (*intent, error) {
	wanted := false
	for _, rule := range n.rules {
		wanted = wanted || rule.matches(bucket, key)
	}
	if !wanted {
		return nil, nil
	}
	it := &intent{Name: name, Bucket: bucket, Key: key, Version: version, Origin: from, Before: before}
	text, err := json.Marshal(it)
	if err != nil {
		return nil, err
	}
	err = n.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(intentsBucket)
		if err != nil {
			return err
		}
		if it.id, err = b.NextSequence(); err != nil {
			return err
		}
		return b.Put(intentKey(it.id), text)
	})
	if err != nil {
		return nil, fmt.Errorf("recording the intent to create an object: %w", err)
	}
	return it, nil
}

// keep replaces the intent with the events of the rules that its object
// matches.
func (n *notifier) keep(it *intent, made creation, at stamp) {
	n.retry("an event", it, func() error { return n.enqueue(it, made, at) })
}

func (n *notifier) enqueue(it *intent, made creation, at stamp) error {
	c := created{
		name: it.Name, bucket: it.Bucket, key: it.Key,
		size: made.size, etag: made.etag, versionID: made.versionID, origin: it.Origin,
	}
	err := n.db.Update(func(tx *bbolt.Tx) error {
		for _, rule := range n.rules {
			if !rule.matches(it.Bucket, it.Key) {
				continue
			}
			event, err := c.event(rule, at.at, at.sequencer)
			if err != nil {
				return err
			}
			if err := n.deliver(tx, rule.Function, event); err != nil {
				return fmt.Errorf("delivering to %s: %w", rule.Function, err)
			}
		}
		return tx.Bucket(intentsBucket).Delete(intentKey(it.id))
	})
	if err != nil {
		return fmt.Errorf("queueing the event of a created object: %w", err)
	}
	return nil
}

// drop removes the intent of an object that was not written.
func (n *notifier) drop(it *intent) {
	n.retry("an intent", it, func() error { return n.remove(it) })
}

func (n *notifier) remove(it *intent) error {
	err := n.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(intentsBucket).Delete(intentKey(it.id))
	})
	if err != nil {
		return fmt.Errorf("removing the intent to create an object: %w", err)
	}
	return nil
}

// settler is the part of the backend that settleLeftovers calls.
type settler interface {
	HeadObject(context.Context, *s3.HeadObjectInput) (*s3.HeadObjectOutput, error)
	fileOf(bucket, key string) string
}

// settleLeftovers keeps the intents of a killed process whose objects were
// written and drops the others. If the key has versions, the version exists or
// not. If it has none, a copy of an object onto itself does not change its
// file, so its intent is always kept: S3 delivers events at least once.
func (n *notifier) settleLeftovers(ctx context.Context, objects settler) error {
	leftovers, err := n.leftovers()
	if err != nil {
		return fmt.Errorf("reading the intents of the last run: %w", err)
	}
	for _, it := range leftovers {
		head, err := objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &it.Bucket, Key: &it.Key, VersionId: &it.Version})
		switch {
		case err == nil && it.Version == "" && it.Name != createdByCopy && it.Before == objects.fileOf(it.Bucket, it.Key):
			err = n.remove(it)
		case err == nil:
			n.log.InfoContext(ctx, "queued the event of an object of the last run", "bucket", it.Bucket, "key", it.Key)
			err = n.enqueue(it, creation{deref(head.ContentLength), deref(head.ETag), deref(head.VersionId)}, n.stamp())
		case notFound(err):
			err = n.remove(it)
		}
		if err != nil {
			return fmt.Errorf("settling the intent for %s/%s: %w", it.Bucket, it.Key, err)
		}
	}
	return nil
}

func (n *notifier) leftovers() ([]*intent, error) {
	var found []*intent
	err := n.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(intentsBucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			it := &intent{id: binary.BigEndian.Uint64(k)}
			if err := json.Unmarshal(v, it); err != nil {
				return err
			}
			found = append(found, it)
			return nil
		})
	})
	return found, err
}

// notFound reports whether the gateway's error means that there is no such
// object or bucket.
func notFound(err error) bool {
	var s3Error s3err.S3Error
	return errors.As(err, &s3Error) && s3Error.StatusCode() == 404
}

// isCode reports whether the gateway's error has the code.
func isCode(err error, code s3err.ErrorCode) bool {
	var s3Error s3err.S3Error
	return errors.As(err, &s3Error) && s3Error.BaseError().Code == s3err.GetAPIError(code).Code
}

func intentKey(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
