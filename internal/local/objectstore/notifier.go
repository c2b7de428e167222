package objectstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
	"go.etcd.io/bbolt"

	"gen3d/internal/local/queue"
)

var intentsBucket = []byte("objectstore/intents")

// intent is the promise of an event, on disk while its object is being written. Which rules it matches is asked when it
// is kept, so that a restart with other rules follows those.
type intent struct {
	Name   string `json:"name"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Origin origin `json:"origin"`

	id uint64
}

// notifier turns created objects into queued events.
type notifier struct {
	db       *queue.DB
	rules    []Rule
	deliver  func(tx *bbolt.Tx, function string, event []byte) error
	now      func() time.Time
	log      *slog.Logger
	sequence sequence
}

func newNotifier(cfg Config) *notifier {
	return &notifier{db: cfg.DB, rules: cfg.Rules, deliver: cfg.Deliver, now: cfg.Now, log: cfg.Log}
}

// intend records that an object is about to be written. It returns nil where no rule wants to know.
func (n *notifier) intend(name, bucket, key string, from origin) (*intent, error) {
	wanted := false
	for _, rule := range n.rules {
		wanted = wanted || rule.matches(bucket, key)
	}
	if !wanted {
		return nil, nil
	}
	it := &intent{Name: name, Bucket: bucket, Key: key, Origin: from}
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

// keep turns the intent into the events of the rules its object matches.
func (n *notifier) keep(it *intent, size int64, etag, versionID string) error {
	c := created{
		name: it.Name, bucket: it.Bucket, key: it.Key,
		size: size, etag: etag, versionID: versionID, origin: it.Origin,
	}
	at := n.now()
	sequencer := n.sequence.next(at)
	err := n.db.Update(func(tx *bbolt.Tx) error {
		for _, rule := range n.rules {
			if !rule.matches(it.Bucket, it.Key) {
				continue
			}
			event, err := c.event(rule, at, sequencer)
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
func (n *notifier) drop(it *intent) error {
	err := n.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(intentsBucket).Delete(intentKey(it.id))
	})
	if err != nil {
		return fmt.Errorf("taking back the intent to create an object: %w", err)
	}
	return nil
}

// header is the part of the backend that settling needs.
type header interface {
	HeadObject(context.Context, *s3.HeadObjectInput) (*s3.HeadObjectOutput, error)
}

// settleLeftovers keeps the intents of a killed process whose objects exist and drops the others. An object that was
// there before, and that the killed request only tried to replace, causes an event too: S3 promises events at least
// once, and there is no telling the two apart.
func (n *notifier) settleLeftovers(ctx context.Context, objects header) error {
	leftovers, err := n.leftovers()
	if err != nil {
		return fmt.Errorf("reading the intents of the last run: %w", err)
	}
	for _, it := range leftovers {
		head, err := objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &it.Bucket, Key: &it.Key})
		switch {
		case err == nil:
			n.log.InfoContext(ctx, "an object of the last run gets its event now", "bucket", it.Bucket, "key", it.Key)
			err = n.keep(it, deref(head.ContentLength), deref(head.ETag), deref(head.VersionId))
		case notFound(err):
			err = n.drop(it)
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
