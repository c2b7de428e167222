// Package objectstore is the S3 of the one-machine mode: versitygw's gateway
// for a folder, in this process, with the event notifications that run the
// functions.
//
// Objects are plain files at <Dir>/objects/<bucket>/<key>; their metadata are
// small files under <Dir>/metadata. Keys follow the rules of a file system: an
// object's key cannot be a folder of another key, and no part of a key can be
// longer than 255 bytes. A read returns the content and metadata of a single
// write, even if there are concurrent writes, the process is killed or the disk
// is full.
//
// Keys that [Config.Versioned] selects have versions, as all keys have in the
// deployed bucket; of the others only the latest object is stored. Unlike in
// S3, a DELETE without a version ID removes all versions of its key, and
// versions cannot be listed.
//
// A write for which there is no room, or that [Config.Admit] refuses, is
// answered with 507 InsufficientStorage, a code that Amazon S3 does not use.
//
// A [Rule], like one of an S3 bucket notification, selects the created objects
// that cause an event for a function. Each matching object causes its event at
// least once: an intent is stored on disk before the object is written and
// replaced with the queued event, in one transaction, afterwards. The next
// [Start] settles the intents of a killed process.
//
// The gateway addresses its files relative to the process's working directory,
// which is <Dir>/objects while a [Store] runs; [Store.Close] restores the
// previous one. Resolve other relative paths before [Start]. A process can run
// one Store at a time.
package objectstore

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"go.etcd.io/bbolt"

	"gen3d/local/queue"
)

// Names that scripts depend on.
const (
	DataBucket  = "gen3d-local-data"
	ModelBucket = "gen3d-local-model"
	AccessKey   = "gen3dlocal"
	SecretKey   = "gen3dlocalsecret"
	Region      = "us-east-1"
)

// The gateway refuses more concurrent requests with 503 SlowDown. Both limits
// are far above what the page and the tests of one machine open.
const (
	maxConnections = 8192
	maxRequests    = 4096
	maxParts       = 10_000  // S3's limit
	maxCopySource  = 5 << 30 // in bytes; S3's limit
)

// DefaultConnections is more than the browsers and tests of one machine open.
const DefaultConnections = 512

// Config configures a [Store].
type Config struct {
	// Dir is the folder of all the store's files. It is created if it does
	// not exist.
	Dir string
	// Addr is the host:port to listen on, usually a loopback address. Port
	// 0 selects a free one (see [Store.Addr]).
	Addr string
	// Connections limits the concurrent connections to Addr; further
	// clients wait. 0 means [DefaultConnections].
	Connections int
	// PageOrigins are the origins ("http://127.0.0.1:8080") whose pages can
	// POST to and GET from the data bucket.
	PageOrigins []string
	// DB stores the intents. It must be the database of Deliver's
	// transaction.
	DB *queue.DB
	// Rules select the created objects that cause events.
	Rules []Rule
	// Deliver queues an event (the JSON of an S3 notification) for a
	// function in the given transaction. It is required if there are Rules,
	// and can be called again for the same event.
	Deliver func(tx *bbolt.Tx, function string, event []byte) error
	// Versioned reports whether a key has versions. If it is nil, no key
	// has. Objects from before their key had versions are not changed.
	Versioned func(bucket, key string) bool
	// Admit returns an error if the disk has no room for an object that is
	// about to be written, of which bytes is the size, or 0 if it is not
	// known. The error is the message of the answer, 507
	// InsufficientStorage. If Admit is nil, all objects are admitted.
	Admit func(bucket, key string, bytes int64) error
	// Log receives errors in the background; nil means slog.Default.
	Log *slog.Logger
	// Now is the clock of the events; nil means time.Now.
	Now func() time.Time
}

// Store is a running object store.
type Store struct {
	relay  *relay
	events *notifier
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	cwd    string
	once   sync.Once
}

// running is true while the process has a Store, whose files are relative to
// the working directory.
var running atomic.Bool

// Start opens the store, settles the intents of a killed process, and returns
// when S3 answers on cfg.Addr.
func Start(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Connections == 0 {
		cfg.Connections = DefaultConnections
	}
	if len(cfg.Rules) > 0 && cfg.Deliver == nil {
		return nil, errors.New("starting the object store: there are notification rules but nothing to deliver events to")
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("starting the object store: %w", err)
	}
	if !running.CompareAndSwap(false, true) {
		return nil, errors.New("starting the object store: this process runs another one")
	}
	s := &Store{done: make(chan struct{}), cwd: cwd}
	if err := s.start(ctx, cfg); err != nil {
		running.Store(false)
		return nil, errors.Join(fmt.Errorf("starting the object store: %w", err), os.Chdir(cwd))
	}
	return s, nil
}

func (s *Store) start(ctx context.Context, cfg Config) (err error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return err
	}
	if s.relay, err = newRelay(cfg.Addr, dir, cfg.Connections, cfg.Log); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.relay.close())
		}
	}()
	files, attributes, err := openFolder(dir)
	if err != nil {
		return err
	}
	s.events = newNotifier(cfg)
	backend := &notifyingBackend{
		Backend: files, files: files, attributes: attributes, locks: newLocks(), events: s.events, admit: cfg.Admit, log: cfg.Log,
		versions: &versions{attributes: attributes, keeps: cfg.Versioned, now: cfg.Now},
	}
	setup := func() error {
		if err := makeBuckets(ctx, files, attributes, cfg.PageOrigins); err != nil {
			return err
		}
		return s.events.settleLeftovers(ctx, backend)
	}
	if err := setup(); err != nil {
		files.Shutdown()
		return err
	}

	gateway, err := newGateway(backend, s.relay.socket, s.relay.first, cfg.Log)
	if err != nil {
		files.Shutdown()
		return err
	}
	if err := gateway.start(ctx); err != nil {
		gateway.stop()
		return err
	}
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = stop
	go func() {
		defer close(s.done)
		select {
		case <-stopping.Done():
		case s.err = <-gateway.ended:
		}
		gateway.stop()
	}()
	go s.relay.serve()
	return nil
}

// Addr returns the host:port on which S3 answers.
func (s *Store) Addr() string { return s.relay.listener.Addr().String() }

// Done returns a channel that is closed when the store has stopped, by Close or
// after an error, which [Store.Close] returns.
func (s *Store) Done() <-chan struct{} { return s.done }

// Close waits for current requests (at most ten seconds), stops listening and
// restores the working directory. It returns the error that ended the gateway,
// if any.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.relay.stop()
		s.cancel()
		<-s.done
		s.events.stop()
		s.err = errors.Join(s.err, s.relay.close())
		if err := os.Chdir(s.cwd); err != nil {
			s.err = errors.Join(s.err, fmt.Errorf("restoring the working directory: %w", err))
		}
		running.Store(false)
	})
	return s.err
}

// openFolder opens the gateway's files below dir, an absolute path, and makes
// their folder the working directory.
//
// The gateway's own versions (PosixOpts.VersioningDir) are not used. With them
// a deleted object remains in the folder as a delete marker, and unlike in S3 a
// LIST with a delimiter returns its folder as a common prefix: a deleted job
// would remain on the list of jobs, and the markers of finished jobs would slow
// down every LIST of pending/. Moreover, the gateway copies an object and its
// attributes to the older versions step by step, so a killed process leaves an
// incomplete version.
func openFolder(dir string) (*posix.Posix, *attributes, error) {
	attributes, err := openAttributes(dir)
	if err != nil {
		return nil, nil, err
	}
	// posix.PosixOpts.SideCarDir would only make it print the folder on
	// standard output. The database ensures that one process uses the
	// folder, so the gateway needs no lock files.
	files, err := posix.New(attributes.objects, attributes, posix.PosixOpts{CopyObjectThreshold: maxCopySource, ForceNoObjLockFile: true})
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", attributes.objects, err)
	}
	return files, attributes, nil
}

// makeBuckets creates missing buckets and sets the CORS rule of the current
// origins.
func makeBuckets(ctx context.Context, files *posix.Posix, attributes meta.MetadataStorer, origins []string) error {
	acl, err := json.Marshal(auth.ACL{
		Owner: AccessKey,
		Grantees: []auth.Grantee{
			{Permission: auth.PermissionFullControl, Access: AccessKey, Type: types.TypeCanonicalUser},
		},
	})
	if err != nil {
		return err
	}
	for _, bucket := range []string{DataBucket, ModelBucket} {
		_, err := os.Stat(bucket)
		switch {
		case errors.Is(err, os.ErrNotExist):
			err = files.CreateBucket(ctx, &s3.CreateBucketInput{
				Bucket:                    aws.String(bucket),
				ObjectOwnership:           types.ObjectOwnershipBucketOwnerEnforced,
				CreateBucketConfiguration: &types.CreateBucketConfiguration{},
			}, acl)
		case err == nil:
			// A process killed between creating the folder and this
			// attribute leaves a bucket that cannot be used.
			if _, missing := attributes.RetrieveAttribute(nil, bucket, "", "acl"); missing != nil {
				err = files.PutBucketAcl(ctx, bucket, acl)
			}
		}
		if err != nil {
			return fmt.Errorf("creating bucket %s: %w", bucket, err)
		}
	}
	if len(origins) == 0 {
		return files.DeleteBucketCors(ctx, DataBucket)
	}
	// The rule of a stack's data bucket (infra/access.go).
	rule := auth.CORSRule{
		AllowedMethods: []auth.CORSHTTPMethod{"GET", "HEAD", "POST"},
		AllowedHeaders: []auth.CORSHeader{"content-type", "range"},
		ExposeHeaders:  []auth.CORSHeader{"Content-Length", "Content-Range", "ETag"},
	}
	for _, origin := range origins {
		rule.AllowedOrigins = append(rule.AllowedOrigins, auth.CORSOrigin(origin))
	}
	cors := auth.CORSConfiguration{Rules: []auth.CORSRule{rule}}
	if err := cors.Validate(); err != nil {
		return fmt.Errorf("allowing the page's origins %v: %w", origins, err)
	}
	text, err := xml.Marshal(cors)
	if err != nil {
		return err
	}
	if err := files.PutBucketCors(ctx, DataBucket, text); err != nil {
		return fmt.Errorf("allowing the page's origins %v: %w", origins, err)
	}
	return nil
}
