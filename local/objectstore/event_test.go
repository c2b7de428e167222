package objectstore_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

// event is a received event: its function, the record as the aws-lambda-go
// package parses it, and the raw JSON.
type event struct {
	function string
	raw      map[string]any
	name     string
	config   string
	key      string
	size     float64
	etag     string
	version  string
	sequence string
}

// nextEvent returns the next event of the queue.
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
	version, _ := o["versionId"].(string)
	return event{
		version:  version,
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

// noEvent checks that no event is queued: it causes one, which must be the
// first in the queue.
func (w *world) noEvent() {
	w.Helper()
	w.put("users/sentinel/input/sentinel.jpg", "x")
	if e := w.nextEvent(); e.key != "users/sentinel/input/sentinel.jpg" {
		w.Fatalf("an event came for %s", e.key)
	}
}

// oddKeys contain every character that needs escaping in a URL, an event or a
// file name.
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
	for key, encoded := range oddKeys {
		w.put(key, "0123456789")
		if e := w.nextEvent(); e.name != "ObjectCreated:Put" || e.key != encoded || e.size != 10 {
			t.Errorf("putting %s gave %+v, want key %s", key, e, encoded)
		}
		if decoded, err := url.QueryUnescape(encoded); err != nil || decoded != key {
			t.Errorf("%s decodes to %s, %v", encoded, decoded, err)
		}

		if _, err := w.s3.DeleteObject(w.ctx(), &s3.DeleteObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key}); err != nil {
			t.Fatal(err)
		}
		status, _, text := w.post(w.presign(postPolicy{key: key}), nil, []byte("12345"))
		if status != http.StatusNoContent {
			t.Fatalf("posting %s: %d %s", key, status, text)
		}
		if e := w.nextEvent(); e.name != "ObjectCreated:Post" || e.key != encoded || e.size != 5 || e.etag == "" {
			t.Errorf("posting %s gave %+v", key, e)
		}

		source := strings.ReplaceAll(url.QueryEscape(objectstore.DataBucket+"/"+key), "+", "%20")
		_, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{
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
