package objectstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"go.etcd.io/bbolt"

	"gen3d/internal/local/objectstore"
	"gen3d/internal/local/queue"
)

const (
	patience   = 30 * time.Second
	pageOrigin = "http://127.0.0.1:8080"
)

// rules are the two notifications of the service, cut down.
var rules = []objectstore.Rule{
	{ID: "photos", Bucket: objectstore.DataBucket, Prefix: "users/", Suffix: ".jpg", Function: "extract"},
	{ID: "results", Bucket: objectstore.DataBucket, Prefix: "users/", Suffix: ".result.json", Function: "notify"},
}

// world is a running store with a client, and the queue that stands for the functions.
type world struct {
	testing.TB
	dir    string
	addr   string
	db     *queue.DB
	events *queue.Queue
	store  *objectstore.Store
	s3     *s3.Client
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, dir: t.TempDir()}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *world) start() {
	w.Helper()
	var err error
	if w.db, err = queue.Open(filepath.Join(w.dir, "queue.db")); err != nil {
		w.Fatal(err)
	}
	if w.events, err = w.db.Queue("events"); err != nil {
		w.Fatal(err)
	}
	w.store, err = objectstore.Start(context.Background(), config(w.dir, w.db, w.events))
	if err != nil {
		w.Fatal(err)
	}
	w.addr = w.store.Addr()
	w.s3 = client(w.addr)
}

func (w *world) stop() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Error(err)
	}
	if err := w.db.Close(); err != nil {
		w.Error(err)
	}
}

func config(dir string, db *queue.DB, events *queue.Queue) objectstore.Config {
	return objectstore.Config{
		Dir:         filepath.Join(dir, "s3"),
		Addr:        "127.0.0.1:0",
		PageOrigins: []string{pageOrigin},
		DB:          db,
		Rules:       rules,
		Deliver: func(tx *bbolt.Tx, function string, event []byte) error {
			_, err := events.EnqueueTx(tx, append([]byte(function+" "), event...), 0)
			return err
		},
		Log: slog.New(slog.DiscardHandler),
	}
}

func client(addr string) *s3.Client {
	return s3.New(s3.Options{
		Region:       objectstore.Region,
		BaseEndpoint: aws.String("http://" + addr),
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
	})
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) put(key, body string, options ...func(*s3.PutObjectInput)) *s3.PutObjectOutput {
	w.Helper()
	out, err := w.tryPut(key, body, options...)
	if err != nil {
		w.Fatalf("putting %s: %v", key, err)
	}
	return out
}

func (w *world) tryPut(key, body string, options ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	in := &s3.PutObjectInput{
		Bucket: aws.String(objectstore.DataBucket),
		Key:    &key,
		Body:   strings.NewReader(body),
	}
	for _, option := range options {
		option(in)
	}
	return w.s3.PutObject(w.ctx(), in)
}

func (w *world) get(key string) (string, *s3.GetObjectOutput) {
	w.Helper()
	out, err := w.s3.GetObject(w.ctx(), &s3.GetObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key})
	if err != nil {
		w.Fatalf("getting %s: %v", key, err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		w.Fatalf("reading %s: %v", key, err)
	}
	return string(body), out
}

func (w *world) list(in s3.ListObjectsV2Input) *s3.ListObjectsV2Output {
	w.Helper()
	in.Bucket = aws.String(objectstore.DataBucket)
	out, err := w.s3.ListObjectsV2(w.ctx(), &in)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func keysOf(objects []types.Object) []string {
	keys := []string{}
	for _, o := range objects {
		keys = append(keys, *o.Key)
	}
	return keys
}

func prefixesOf(prefixes []types.CommonPrefix) []string {
	list := []string{}
	for _, p := range prefixes {
		list = append(list, *p.Prefix)
	}
	return list
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// event is a received event: its function, the record as the aws-lambda-go package or any other reader sees it, and the
// raw JSON.
type event struct {
	function string
	raw      map[string]any
	name     string
	config   string
	key      string
	size     float64
	etag     string
	sequence string
}

// nextEvent takes one event from the queue.
func (w *world) nextEvent() event {
	w.Helper()
	lease, err := w.events.Receive(w.ctx())
	if err != nil {
		w.Fatalf("waiting for an event: %v", err)
	}
	if err := lease.Ack(); err != nil {
		w.Fatal(err)
	}
	return parseEvent(w, lease.Payload)
}

func parseEvent(t testing.TB, payload []byte) event {
	t.Helper()
	function, text, _ := strings.Cut(string(payload), " ")
	var message struct{ Records []map[string]any }
	if err := json.Unmarshal([]byte(text), &message); err != nil || len(message.Records) != 1 {
		t.Fatalf("event %s: %d records, %v", text, len(message.Records), err)
	}
	r := message.Records[0]
	s := r["s3"].(map[string]any)
	o := s["object"].(map[string]any)
	return event{
		function: function,
		raw:      r,
		name:     r["eventName"].(string),
		config:   s["configurationId"].(string),
		key:      o["key"].(string),
		size:     o["size"].(float64),
		etag:     o["eTag"].(string),
		sequence: o["sequencer"].(string),
	}
}

// noEvent proves that nothing is queued by causing an event on purpose: it must be the first to come out.
func (w *world) noEvent() {
	w.Helper()
	w.put("users/sentinel/input/sentinel.jpg", "x")
	if e := w.nextEvent(); e.key != "users/sentinel/input/sentinel.jpg" {
		w.Fatalf("an event came for %s", e.key)
	}
}

type postPolicy struct {
	key        string
	conditions []any
	expires    time.Duration
}

// presign makes a POST form for one key.
func (w *world) presign(p postPolicy) *s3.PresignedPostRequest {
	w.Helper()
	if p.expires == 0 {
		p.expires = 10 * time.Minute
	}
	post, err := s3.NewPresignClient(w.s3).PresignPostObject(w.ctx(), &s3.PutObjectInput{
		Bucket: aws.String(objectstore.DataBucket),
		Key:    &p.key,
	}, func(o *s3.PresignPostOptions) {
		o.Expires = p.expires
		o.Conditions = p.conditions
	})
	if err != nil {
		w.Fatal(err)
	}
	return post
}

// post sends a form as a browser does: fields first, the file last.
func (w *world) post(post *s3.PresignedPostRequest, more map[string]string, file []byte) (int, http.Header, string) {
	w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, fields := range []map[string]string{post.Values, more} {
		for k, v := range fields {
			if err := form.WriteField(k, v); err != nil {
				w.Fatal(err)
			}
		}
	}
	part, err := form.CreateFormFile("file", "photo.jpg")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		w.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, post.URL, &body)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", pageOrigin)
	return w.do(req)
}

func (w *world) do(req *http.Request) (int, http.Header, string) {
	w.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// oddKeys have everything that must survive a URL, an event and a file name.
var oddKeys = map[string]string{
	"users/u 1/input/a photo.jpg":      "users/u+1/input/a+photo.jpg",
	"users/u/input/a+b&c=d.jpg":        "users/u/input/a%2Bb%26c%3Dd.jpg",
	"users/u/input/12:30 (1).jpg":      "users/u/input/12%3A30+%281%29.jpg",
	"users/u/input/Grüße 写真.jpg":       "users/u/input/Gr%C3%BC%C3%9Fe+%E5%86%99%E7%9C%9F.jpg",
	"users/u/input/100%25.jpg":         "users/u/input/100%2525.jpg",
	"users/u/input/it's #1?, yes!.jpg": "users/u/input/it%27s+%231%3F%2C+yes%21.jpg",
}

func TestAPutCausesOneEventInTheFormOfS3(t *testing.T) {
	w := newWorld(t)
	before := time.Now().Truncate(time.Millisecond)
	out := w.put("users/u/input/photo.jpg", "a photo")
	e := w.nextEvent()
	if e.function != "extract" || e.name != "ObjectCreated:Put" || e.config != "photos" ||
		e.key != "users/u/input/photo.jpg" || e.size != 7 || e.etag != strings.Trim(*out.ETag, `"`) || e.etag == "" {
		t.Errorf("unexpected event %+v", e)
	}
	at, err := time.Parse("2006-01-02T15:04:05.000Z", e.raw["eventTime"].(string))
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("eventTime is %v, %v", e.raw["eventTime"], err)
	}
	bucket := e.raw["s3"].(map[string]any)["bucket"].(map[string]any)
	if e.raw["eventVersion"] != "2.1" || e.raw["eventSource"] != "aws:s3" || e.raw["awsRegion"] != "us-east-1" ||
		bucket["name"] != objectstore.DataBucket || bucket["arn"] != "arn:aws:s3:::"+objectstore.DataBucket {
		t.Errorf("unexpected record %v", e.raw)
	}
	if from := e.raw["requestParameters"].(map[string]any)["sourceIPAddress"]; from != "127.0.0.1" {
		t.Errorf("sourceIPAddress is %v", from)
	}
	if id := e.raw["responseElements"].(map[string]any)["x-amz-request-id"]; id == "" {
		t.Error("the event names no request")
	}

	w.put("users/u/input/photo.jpg", "again")
	if later := w.nextEvent(); later.sequence <= e.sequence || len(later.sequence) != len(e.sequence) {
		t.Errorf("sequencer %s does not follow %s", later.sequence, e.sequence)
	}
}

func TestOnlyObjectsThatMatchARuleCauseEvents(t *testing.T) {
	w := newWorld(t)
	w.put("users/u/output/j/1.started.json", "{}")
	w.put("pending/u/j", "")
	w.put("public/photo.jpg", "not a user's")
	w.put("users/u/output/j/1.result.json", "{}", func(in *s3.PutObjectInput) { in.Bucket = aws.String(objectstore.ModelBucket) })
	w.put("users/u/output/j/1.result.json", "{}")
	if e := w.nextEvent(); e.function != "notify" || e.config != "results" {
		t.Errorf("unexpected event %+v", e)
	}
	w.noEvent()
}

func TestEveryKindOfCreationCausesAnEventOfItsName(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	for key, encoded := range oddKeys {
		w.put(key, "0123456789")
		if e := w.nextEvent(); e.name != "ObjectCreated:Put" || e.key != encoded || e.size != 10 {
			t.Errorf("putting %s gave %+v, want key %s", key, e, encoded)
		}
		if decoded, err := url.QueryUnescape(encoded); err != nil || decoded != key {
			t.Errorf("%s decodes to %s, %v", encoded, decoded, err)
		}

		status, _, text := w.post(w.presign(postPolicy{key: key}), nil, []byte("12345"))
		if status != http.StatusNoContent {
			t.Fatalf("posting %s: %d %s", key, status, text)
		}
		if e := w.nextEvent(); e.name != "ObjectCreated:Post" || e.key != encoded || e.size != 5 || e.etag == "" {
			t.Errorf("posting %s gave %+v", key, e)
		}

		source := strings.ReplaceAll(url.QueryEscape(objectstore.DataBucket+"/"+key), "+", "%20")
		_, err := w.s3.CopyObject(ctx, &s3.CopyObjectInput{
			Bucket: aws.String(objectstore.DataBucket), Key: aws.String("users/copy/" + key), CopySource: &source,
		})
		if err != nil {
			t.Fatalf("copying %s: %v", key, err)
		}
		if e := w.nextEvent(); e.name != "ObjectCreated:Copy" || e.key != "users/copy/"+encoded || e.size != 5 {
			t.Errorf("copying %s gave %+v", key, e)
		}

		w.multipart(key, nil, make([]byte, 5<<20), []byte("the end"))
		e := w.nextEvent()
		if e.name != "ObjectCreated:CompleteMultipartUpload" || e.key != encoded || e.size != 5<<20+7 || !strings.HasSuffix(e.etag, "-2") {
			t.Errorf("a multipart upload of %s gave %+v", key, e)
		}
		if body, _ := w.get(key); len(body) != 5<<20+7 {
			t.Errorf("%s has %d bytes", key, len(body))
		}
	}
	w.noEvent()
}

// multipart uploads an object in the given parts.
func (w *world) multipart(key string, metadata map[string]string, parts ...[]byte) {
	w.Helper()
	ctx := w.ctx()
	bucket := aws.String(objectstore.DataBucket)
	upload, err := w.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key, Metadata: metadata})
	if err != nil {
		w.Fatal(err)
	}
	var done []types.CompletedPart
	for i, part := range parts {
		number := aws.Int32(int32(i + 1))
		out, err := w.s3.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: bucket, Key: &key, UploadId: upload.UploadId, PartNumber: number, Body: bytes.NewReader(part),
		})
		if err != nil {
			w.Fatal(err)
		}
		done = append(done, types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	_, err = w.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	if err != nil {
		w.Fatal(err)
	}
}

func TestPutsThatFailCauseNoEvent(t *testing.T) {
	w := newWorld(t)
	key := "users/u/output/j/1.result.json"
	first := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	w.put(key, "first", first)
	w.nextEvent()
	if _, err := w.tryPut(key, "second", first); code(err) != "PreconditionFailed" {
		t.Errorf("the second If-None-Match put gave %v", err)
	}
	if body, _ := w.get(key); body != "first" {
		t.Errorf("the object is %q", body)
	}
	_, err := w.tryPut(key, "third", func(in *s3.PutObjectInput) { in.ContentMD5 = aws.String("1B2M2Y8AsgTpgAmY7PhCfg==") })
	if err == nil {
		t.Error("a wrong digest was accepted")
	}
	w.noEvent()
}

func TestIfMatchReplacesOnlyTheVersionItNames(t *testing.T) {
	w := newWorld(t)
	key := "users/u/output/j/notified.json"
	lease := w.put(key, "lease", func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
	match := func(etag *string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) { in.IfMatch = etag }
	}
	w.put(key, "sent", match(lease.ETag))
	if _, err := w.tryPut(key, "stale", match(lease.ETag)); code(err) != "PreconditionFailed" {
		t.Errorf("a stale If-Match gave %v", err)
	}
	if body, _ := w.get(key); body != "sent" {
		t.Errorf("the object is %q", body)
	}
}

func TestOneOfManyConcurrentFirstWritersWins(t *testing.T) {
	w := newWorld(t)
	const writers = 12
	results := make(chan error, writers)
	for i := range writers {
		go func() {
			_, err := w.tryPut("users/u/output/j/1.result.json", fmt.Sprint("writer ", i), func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
			results <- err
		}()
	}
	won := 0
	for range writers {
		switch err := <-results; {
		case err == nil:
			won++
		case code(err) != "PreconditionFailed" && code(err) != "ConditionalRequestConflict":
			t.Errorf("a loser got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
	if e := w.nextEvent(); e.function != "notify" {
		t.Errorf("unexpected event %+v", e)
	}
	w.noEvent()
}

func TestAPostPolicyFixesMetadataTypeAndSize(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/j/photo.jpg"
	policy := postPolicy{key: key, conditions: []any{
		[]any{"content-length-range", 10, 1000},
		[]any{"eq", "$Content-Type", "image/jpeg"},
		[]any{"eq", "$x-amz-meta-objects", "1,2,30,40;*"},
	}}
	fields := map[string]string{"Content-Type": "image/jpeg", "x-amz-meta-objects": "1,2,30,40;*"}
	with := func(k, v string) map[string]string {
		m := map[string]string{}
		for name, value := range fields {
			m[name] = value
		}
		m[k] = v
		return m
	}
	photo := bytes.Repeat([]byte("p"), 500)
	expired := policy
	expired.expires = -time.Minute
	for name, c := range map[string]struct {
		policy postPolicy
		fields map[string]string
		file   []byte
		want   string
	}{
		"too large":          {policy, fields, make([]byte, 1001), "EntityTooLarge"},
		"too small":          {policy, fields, make([]byte, 9), "EntityTooSmall"},
		"another type":       {policy, with("Content-Type", "text/html"), photo, "AccessDenied"},
		"forged metadata":    {policy, with("x-amz-meta-objects", "0,0,9,9"), photo, "AccessDenied"},
		"further metadata":   {policy, with("x-amz-meta-seed", "7"), photo, "AccessDenied"},
		"another key":        {policy, with("key", "users/other/input/j/photo.jpg"), photo, "AccessDenied"},
		"no metadata":        {policy, map[string]string{"Content-Type": "image/jpeg"}, photo, "AccessDenied"},
		"an expired policy":  {expired, fields, photo, "AccessDenied"},
		"a forged signature": {policy, with("X-Amz-Signature", strings.Repeat("0", 64)), photo, "SignatureDoesNotMatch"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			form := w.presign(c.policy)
			for k := range c.fields {
				delete(form.Values, k)
				if k == "X-Amz-Signature" {
					delete(form.Values, "X-Amz-Signature")
				}
			}
			status, _, text := w.post(form, c.fields, c.file)
			if status < 400 || status >= 500 || !strings.Contains(text, "<Code>"+c.want+"</Code>") {
				t.Errorf("got %d %s, want %s", status, text, c.want)
			}
		})
	}
	w.noEvent()

	status, header, text := w.post(w.presign(policy), fields, photo)
	if status != http.StatusNoContent || header.Get("ETag") == "" {
		t.Fatalf("the honest upload got %d %s", status, text)
	}
	if got := header.Get("Access-Control-Allow-Origin"); got != pageOrigin {
		t.Errorf("the page may not read the answer: Access-Control-Allow-Origin is %q", got)
	}
	w.nextEvent()
	body, out := w.get(key)
	if body != string(photo) || *out.ContentType != "image/jpeg" || out.Metadata["objects"] != "1,2,30,40;*" {
		t.Errorf("stored %d bytes of %s with %v", len(body), *out.ContentType, out.Metadata)
	}
}

func TestALargeBodyPassesWhole(t *testing.T) {
	w := newWorld(t)
	photo := make([]byte, 20<<20)
	for i := range photo {
		photo[i] = byte(i * 7 >> 3)
	}
	status, _, text := w.post(w.presign(postPolicy{key: "users/u/input/post.jpg"}), nil, photo)
	if status != http.StatusNoContent {
		t.Fatalf("posting 20 MiB: %d %s", status, text)
	}
	w.put("users/u/input/put.jpg", string(photo))
	for _, key := range []string{"users/u/input/post.jpg", "users/u/input/put.jpg"} {
		if body, _ := w.get(key); body != string(photo) {
			t.Errorf("%s is not what was sent", key)
		}
	}
}

func TestAPresignedGetNamesTheDownload(t *testing.T) {
	w := newWorld(t)
	w.put("users/u/output/j/1/mesh.glb", "glTF")
	presign := func(d time.Duration) string {
		out, err := s3.NewPresignClient(w.s3).PresignGetObject(w.ctx(), &s3.GetObjectInput{
			Bucket:                     aws.String(objectstore.DataBucket),
			Key:                        aws.String("users/u/output/j/1/mesh.glb"),
			ResponseContentDisposition: aws.String(`attachment; filename="my chair-1.glb"`),
			ResponseContentType:        aws.String("model/gltf-binary"),
		}, s3.WithPresignExpires(d))
		if err != nil {
			t.Fatal(err)
		}
		return out.URL
	}
	get := func(link string) (int, http.Header, string) {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, link, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", pageOrigin)
		return w.do(req)
	}
	link := presign(time.Minute)
	status, header, body := get(link)
	if status != 200 || body != "glTF" || header.Get("Content-Disposition") != `attachment; filename="my chair-1.glb"` ||
		header.Get("Content-Type") != "model/gltf-binary" || header.Get("Access-Control-Allow-Origin") != pageOrigin {
		t.Errorf("got %d %v %q", status, header, body)
	}
	if status, _, _ := get(strings.Replace(link, "mesh.glb", "mesh.ply", 1)); status != 403 {
		t.Errorf("a link for another key gave %d", status)
	}
	if status, _, _ := get(strings.Split(link, "?")[0]); status != 403 {
		t.Errorf("no signature gave %d", status)
	}
}

func TestTheBrowserMayAskFromThePagesOriginOnly(t *testing.T) {
	w := newWorld(t)
	preflight := func(origin string) (int, http.Header) {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodOptions, "http://"+w.addr+"/"+objectstore.DataBucket, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "content-type")
		status, header, _ := w.do(req)
		return status, header
	}
	status, header := preflight(pageOrigin)
	if status != 200 || header.Get("Access-Control-Allow-Origin") != pageOrigin ||
		!strings.Contains(header.Get("Access-Control-Allow-Methods"), "POST") ||
		!strings.EqualFold(header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("the page's preflight got %d %v", status, header)
	}
	if status, header := preflight("http://evil.example"); status != 403 || header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a foreign preflight got %d %v", status, header)
	}
}

func TestListsPageByPrefixDelimiterAndMarker(t *testing.T) {
	w := newWorld(t)
	for job := range 7 {
		for _, name := range []string{"job.json", "1.result.json", "1/mesh.glb"} {
			w.put(fmt.Sprintf("users/u/output/job%d/%s", job, name), name)
		}
	}
	for _, key := range []string{"users/u/input/a.jpg", "users/u2/output/job0/job.json", "pending/u/job3"} {
		w.put(key, "x")
	}
	for key := range oddKeys {
		w.put("odd/"+key, "x")
	}
	jobs := func(from, to int) []string {
		list := []string{}
		for job := from; job < to; job++ {
			list = append(list, fmt.Sprintf("users/u/output/job%d/", job))
		}
		return list
	}
	folder := s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/"), Delimiter: aws.String("/")}

	page := folder
	page.MaxKeys = aws.Int32(3)
	var seen []string
	for range 4 {
		out := w.list(page)
		seen = append(seen, prefixesOf(out.CommonPrefixes)...)
		if len(out.Contents) != 0 {
			t.Errorf("a folder page has objects %v", keysOf(out.Contents))
		}
		if !*out.IsTruncated {
			break
		}
		page.ContinuationToken = out.NextContinuationToken
	}
	if !slices.Equal(seen, jobs(0, 7)) {
		t.Errorf("the pages show %v", seen)
	}

	after := folder
	after.StartAfter = aws.String("users/u/output/job2/")
	after.MaxKeys = aws.Int32(3)
	if out := w.list(after); !slices.Equal(prefixesOf(out.CommonPrefixes), jobs(3, 6)) || !*out.IsTruncated {
		t.Errorf("after job2 come %v, truncated %v", prefixesOf(out.CommonPrefixes), *out.IsTruncated)
	}
	exact := folder
	exact.MaxKeys = aws.Int32(7)
	if out := w.list(exact); *out.IsTruncated || len(out.CommonPrefixes) != 7 {
		t.Errorf("a page of all says truncated %v with %d", *out.IsTruncated, len(out.CommonPrefixes))
	}
	one := s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/job3/")}
	want := []string{"users/u/output/job3/1.result.json", "users/u/output/job3/1/mesh.glb", "users/u/output/job3/job.json"}
	if out := w.list(one); !slices.Equal(keysOf(out.Contents), want) || *out.KeyCount != 3 {
		t.Errorf("job3 holds %v", keysOf(out.Contents))
	}
	for _, o := range w.list(one).Contents {
		if *o.Size == 0 || o.ETag == nil || o.LastModified == nil || time.Since(*o.LastModified) > time.Hour {
			t.Errorf("the list tells %+v", o)
		}
	}
	if out := w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/nothing/")}); len(out.Contents) != 0 {
		t.Errorf("an empty folder holds %v", keysOf(out.Contents))
	}
	odd := []string{}
	for key := range oddKeys {
		odd = append(odd, "odd/"+key)
	}
	slices.Sort(odd)
	if out := w.list(s3.ListObjectsV2Input{Prefix: aws.String("odd/")}); !slices.Equal(keysOf(out.Contents), odd) {
		t.Errorf("got %q, want %q", keysOf(out.Contents), odd)
	}
}

func TestDeletingAJobLeavesNothingOfItInAnyList(t *testing.T) {
	w := newWorld(t)
	var objects []types.ObjectIdentifier
	for key := range oddKeys {
		w.put(key, "x")
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	for _, key := range []string{"users/u/output/job1/job.json", "users/u/output/job1/1/mesh.glb", "users/u/output/job1/gone"} {
		if !strings.HasSuffix(key, "gone") {
			w.put(key, "x")
		}
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	w.put("users/u/output/job2/job.json", "x")
	out, err := w.s3.DeleteObjects(w.ctx(), &s3.DeleteObjectsInput{
		Bucket: aws.String(objectstore.DataBucket), Delete: &types.Delete{Objects: objects},
	})
	if err != nil || len(out.Errors) != 0 || len(out.Deleted) != len(objects) {
		t.Fatalf("deleting gave %v, %v", out, err)
	}
	left := w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/"), Delimiter: aws.String("/")})
	if got := prefixesOf(left.CommonPrefixes); !slices.Equal(got, []string{"users/u/"}) {
		t.Errorf("users left: %v", got)
	}
	left = w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/"), Delimiter: aws.String("/")})
	if got := prefixesOf(left.CommonPrefixes); !slices.Equal(got, []string{"users/u/output/job2/"}) {
		t.Errorf("jobs left: %v", got)
	}
	if left := w.list(s3.ListObjectsV2Input{}); !slices.Equal(keysOf(left.Contents), []string{"users/u/output/job2/job.json"}) {
		t.Errorf("objects left: %v", keysOf(left.Contents))
	}
}

func TestAReplacedObjectKeepsNothingOfTheOldOne(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/photo.jpg"
	full := func(in *s3.PutObjectInput) {
		in.Metadata = map[string]string{"objects": "1,2,3,4", "seed": "7"}
		in.ContentDisposition = aws.String("inline")
		in.CacheControl = aws.String("no-store")
		in.ContentType = aws.String("image/jpeg")
	}
	check := func(after string, metadata map[string]string) {
		t.Helper()
		_, out := w.get(key)
		if fmt.Sprint(out.Metadata) != fmt.Sprint(metadata) || out.ContentDisposition != nil || out.CacheControl != nil {
			t.Errorf("after %s the object has %v, %v, %v", after, out.Metadata, out.ContentDisposition, out.CacheControl)
		}
	}
	w.put(key, "old", full)
	w.put(key, "new")
	check("a put", map[string]string{})
	w.put(key, "old", full)
	w.multipart(key, nil, []byte("new"))
	check("a multipart upload", map[string]string{})
	w.put(key, "old", full)
	w.multipart(key, map[string]string{"objects": "1,2,3,4", "seed": "7"}, []byte("new"))
	check("a multipart upload with the same metadata", map[string]string{"objects": "1,2,3,4", "seed": "7"})
	w.put(key, "old", full)
	if status, _, text := w.post(w.presign(postPolicy{key: key}), nil, []byte("new")); status != 204 {
		t.Fatalf("posting: %d %s", status, text)
	}
	check("a post", map[string]string{})
}

func TestDataAndMetadataSurviveARestart(t *testing.T) {
	w := newWorld(t)
	for key := range oddKeys {
		w.put(key, "content of "+key, func(in *s3.PutObjectInput) {
			in.ContentType = aws.String("image/jpeg")
			in.Metadata = map[string]string{"objects": "1,2,3,4,chair%20leg;*"}
		})
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	if after, err := os.Getwd(); err != nil || after == cwd {
		t.Errorf("the working directory is still %s, %v", after, err)
	}
	w.start()
	for key := range oddKeys {
		body, out := w.get(key)
		if body != "content of "+key || *out.ContentType != "image/jpeg" || out.Metadata["objects"] != "1,2,3,4,chair%20leg;*" {
			t.Errorf("%s came back as %q %v %v", key, body, *out.ContentType, out.Metadata)
		}
	}
	if n := w.events.Len(); n != len(oddKeys) {
		t.Errorf("%d events are queued, want %d", n, len(oddKeys))
	}
}

func TestATakenAddressIsReportedClearly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	db, err := queue.Open(filepath.Join(dir, "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg := config(dir, db, nil)
	cfg.Addr = l.Addr().String()
	_, err = objectstore.Start(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("Start gave %v", err)
	}
}

func TestAWrongKeyIsRefused(t *testing.T) {
	w := newWorld(t)
	w.s3 = s3.New(w.s3.Options(), func(o *s3.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(objectstore.AccessKey, "wrong", "")
	})
	if _, err := w.tryPut("users/u/input/photo.jpg", "x"); code(err) != "SignatureDoesNotMatch" {
		t.Errorf("a wrong secret gave %v", err)
	}
}

func TestAConnectionThatSaysNothingDoesNotHoldUpTheStop(t *testing.T) {
	w := newWorld(t)
	w.put("users/u/input/photo.jpg", "x") // leaves an idle connection behind
	silent, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w.put("users/u/input/photo.jpg", "x") // the silent one has been accepted before this one's
	stopped := make(chan struct{})
	go func() {
		w.stop()
		close(stopped)
	}()
	// The gateway's own patience is ten seconds, so ending in less than nine shows that it was not spent.
	select {
	case <-stopped:
	case <-time.After(9 * time.Second):
		t.Error("the stop waits for the silent connection")
		<-stopped
	}
	w.start()
}
