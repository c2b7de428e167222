// Package objectstore is the S3 of the one-machine mode: versitygw's gateway over a folder, in this process, with the
// event notifications that start the handlers.
//
// Objects are plain files under <Dir>/objects/<bucket>/<key>, their metadata small files under <Dir>/metadata. Keys
// follow the rules of a file system: no object can lie below another object's key, and no part of a key can be longer
// than 255 bytes. A read sees one writing of an object, bytes and metadata, whatever is written meanwhile, and whenever
// the process is killed or the disk is full.
//
// Keys that [Config.Versioned] names have versions, as all have in the deployed bucket; of the others only the newest
// object is kept. Unlike S3, a DELETE without a version ID removes all versions of its key, and versions are not listed.
//
// A write that finds no room, or that [Config.Admit] refuses, is answered with 507 InsufficientStorage, a code that
// Amazon S3 has no use for.
//
// A [Rule] says, like an S3 bucket notification, which created objects cause an event for which function. An event is
// owed from the moment its object exists: an intent is on disk before the object is written and becomes the queued
// event, in one transaction, afterwards; what a killed process left of intents is settled by the next [Start]. So every
// object that matches a rule causes its event at least once.
//
// The gateway addresses its files relative to the process's working directory. While a [Store] runs, that is
// <Dir>/objects; [Store.Close] restores the former one. Resolve relative paths of your own before [Start]. A process can
// run one Store at a time.
package objectstore

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
	"go.etcd.io/bbolt"

	"gen3d/local/queue"
)

// Names that scripts rely on.
const (
	DataBucket  = "gen3d-local-data"
	ModelBucket = "gen3d-local-model"
	AccessKey   = "gen3dlocal"
	SecretKey   = "gen3dlocalsecret"
	Region      = "us-east-1"
)

// The gateway refuses work beyond these with 503 SlowDown; both are far above what one machine's page and tests open.
const (
	maxConnections = 8192
	maxRequests    = 4096
	maxParts       = 10_000  // S3's own limit
	maxCopySource  = 5 << 30 // bytes; S3's own limit
)

// DefaultConnections is more than one machine's browsers and tests open.
const DefaultConnections = 512

// Config says where a [Store] lives and whom it tells.
type Config struct {
	// Dir is the folder of everything the store keeps. It is made where missing.
	Dir string
	// Addr is host:port to listen on, by rule on loopback; port 0 takes a free one (see [Store.Addr]).
	Addr string
	// Connections is how many clients may be connected to Addr at once; more wait. 0 is [DefaultConnections].
	Connections int
	// PageOrigins are the origins ("http://127.0.0.1:8080") whose pages may POST to and GET from the data bucket.
	PageOrigins []string
	// DB holds the intents; it must be the database that Deliver's transaction belongs to.
	DB *queue.DB
	// Rules say which created objects cause events.
	Rules []Rule
	// Deliver queues an event (an S3 notification's JSON) for a function, inside the given transaction. It is required
	// where there are Rules and may be called again for the same event.
	Deliver func(tx *bbolt.Tx, function string, event []byte) error
	// Versioned says which keys have versions. Nil names none. Objects from before their key had versions stay as they are.
	Versioned func(bucket, key string) bool
	// Admit refuses an object of so many bytes (0 where the number is not known) that is about to be written, because the
	// disk is too full for it. Its error is the message of the answer, 507 InsufficientStorage. Nil admits all.
	Admit func(bucket, key string, bytes int64) error
	// Log receives what goes wrong in the background; nil means slog.Default.
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

// Start opens the store, settles the intents a killed process left, and returns when S3 answers on cfg.Addr.
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
	s := &Store{done: make(chan struct{}), cwd: cwd}
	if err := s.start(ctx, cfg); err != nil {
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

	gateway, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	listening := make(chan struct{})
	go func() {
		defer close(s.done)
		s.err = embedgw.RunVersityGW(gateway, backend, &embedgw.Config{
			RootUserAccess: AccessKey,
			RootUserSecret: SecretKey,
			// What the gateway would choose itself, but it would say so on our standard output.
			IAMService:        auth.NewIAMServiceSingle(auth.Account{Access: AccessKey, Secret: SecretKey, Role: auth.RoleAdmin}),
			Region:            Region,
			Ports:             []string{s.relay.socket},
			MaxConnections:    maxConnections,
			MaxRequests:       maxRequests,
			MultipartMaxParts: maxParts,
			KeepAlive:         true,
			Quiet:             true,
			S3Options: []s3api.Option{
				s3api.WithOnListen(func() { close(listening) }),
				s3api.WithMiddleware("/", guard(cfg.Log)),
			},
		})
	}()
	select {
	case <-listening:
		if err := s.firstRequest(ctx); err != nil {
			cancel()
			<-s.done
			return err
		}
		go s.relay.serve()
		return nil
	case <-s.done:
		cancel()
		if s.err == nil {
			s.err = errors.New("the gateway ended before it answered")
		}
		return s.err
	case <-ctx.Done():
		cancel()
		<-s.done
		return ctx.Err()
	}
}

// firstRequest lets the gateway's first handler set the server up before anyone else is served; see guard. What it
// answers does not matter.
func (s *Store) firstRequest(ctx context.Context) error {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       s.DialContext,
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gateway/", nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("asking the gateway: %w", err)
	}
	return response.Body.Close()
}

// Addr is the host:port on which S3 answers.
func (s *Store) Addr() string { return s.relay.listener.Addr().String() }

// Done is closed when the store has stopped, by Close or by a fault; [Store.Close] then says which.
func (s *Store) Done() <-chan struct{} { return s.done }

// Close lets the requests under way finish (ten seconds at most), stops listening and restores the working directory.
// It returns the fault that ended the gateway, if one did.
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
	})
	return s.err
}

// openFolder opens the gateway's files below dir, an absolute path, and leaves the process in them.
//
// The gateway's own versions (PosixOpts.VersioningDir) are not used. With them a deleted object stays in the folder as a
// delete marker and a LIST with a delimiter goes on to show its folder as a common prefix, which S3 does not: a deleted job
// would stay on the list of jobs, and the markers of finished jobs would slow every LIST of pending/. And it copies an
// object and its attributes to the older versions step by step, so that a killed process leaves half of one.
func openFolder(dir string) (*posix.Posix, *attributes, error) {
	attributes, err := openAttributes(dir)
	if err != nil {
		return nil, nil, err
	}
	// posix.PosixOpts.SideCarDir would only have it print the folder on our standard output. One process has the folder,
	// by its database, so that the gateway needs no lock files of its own.
	files, err := posix.New(attributes.objects, attributes, posix.PosixOpts{CopyObjectThreshold: maxCopySource, ForceNoObjLockFile: true})
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", attributes.objects, err)
	}
	return files, attributes, nil
}

// makeBuckets creates what is missing and sets the CORS rule of today's origins.
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
			// A process killed between making the folder and this attribute leaves a bucket nobody can use.
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
	rule := auth.CORSRule{
		AllowedMethods: []auth.CORSHTTPMethod{"POST", "GET", "HEAD"},
		AllowedHeaders: []auth.CORSHeader{"*"},
		ExposeHeaders:  []auth.CORSHeader{"ETag"},
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
