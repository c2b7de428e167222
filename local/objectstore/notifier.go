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

// intent is the promise of an event, on disk while its object is being written. Which rules it matches is asked when it
// is kept, so that a restart with other rules follows those.
type intent struct {
	Name   string `json:"name"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Origin origin `json:"origin"`
	// Version is the ID of the version that is written; empty where the key has none.
	Version string `json:"version,omitempty"`
	// Before is the file that was at the key; empty without one.
	Before string `json:"before,omitempty"`

	id uint64
}

// stamp is an event's place among those of its key.
type stamp struct {
	at        time.Time
	sequencer string
}

// retryPause is how long the notifier waits before it tries again what the database has refused, as on a full disk.
const retryPause = time.Second

// notifier turns created objects into queued events.
type notifier struct {
	db       *queue.DB
	rules    []Rule
	deliver  func(tx *bbolt.Tx, function string, event []byte) error
	now      func() time.Time
	log      *slog.Logger
	sequence sequence

	// What the database has refused is tried again until stopping is closed. Its intents are on disk.
	retries  sync.WaitGroup
	stopping chan struct{}
}

func newNotifier(cfg Config) *notifier {
	return &notifier{db: cfg.DB, rules: cfg.Rules, deliver: cfg.Deliver, now: cfg.Now, log: cfg.Log, stopping: make(chan struct{})}
}

// stop ends what is being tried again; the next start does it.
func (n *notifier) stop() {
	close(n.stopping)
	n.retries.Wait()
}

// stamp takes the next place.
func (n *notifier) stamp() stamp {
	at := n.now()
	return stamp{at: at, sequencer: n.sequence.next(at)}
}

// insist does what must be done, now or later.
func (n *notifier) insist(what string, it *intent, do func() error) {
	err := do()
	if err == nil {
		return
	}
	n.log.Error("the database of the events refuses; trying again", "what", what, "bucket", it.Bucket, "key", it.Key, "error", err.Error())
	n.retries.Go(func() {
		for {
			select {
			case <-n.stopping:
				return
			case <-time.After(retryPause):
			}
			if do() == nil {
				n.log.Info("the database of the events takes changes again", "what", what, "bucket", it.Bucket, "key", it.Key)
				return
			}
		}
	})
}

// intend records that an object is about to be written. It returns nil where no rule wants to know.
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

// keep sees to it that the intent becomes the events of the rules its object matches.
func (n *notifier) keep(it *intent, made creation, at stamp) {
	n.insist("an event", it, func() error { return n.enqueue(it, made, at) })
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

// drop takes the intent back: its object was not written.
func (n *notifier) drop(it *intent) {
	n.insist("an intent", it, func() error { return n.remove(it) })
}

func (n *notifier) remove(it *intent) error {
	err := n.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(intentsBucket).Delete(intentKey(it.id))
	})
	if err != nil {
		return fmt.Errorf("taking back the intent to create an object: %w", err)
	}
	return nil
}

// settler is what settling needs of the backend.
type settler interface {
	HeadObject(context.Context, *s3.HeadObjectInput) (*s3.HeadObjectOutput, error)
	fileOf(bucket, key string) string
}

// settleLeftovers keeps the intents of a killed process whose objects were written and drops the others. Where the key has
// versions, there is the version or not. Where it has none, a copy of an object over itself leaves its file alone, so that
// its intent is kept in any case: S3 promises events at least once.
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
			n.log.InfoContext(ctx, "an object of the last run gets its event now", "bucket", it.Bucket, "key", it.Key)
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

// notFound tells whether the gateway's error says that there is no such object or bucket.
func notFound(err error) bool {
	var s3Error s3err.S3Error
	return errors.As(err, &s3Error) && s3Error.StatusCode() == 404
}

// isCode tells whether the gateway's error is the one of that code.
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
