package objectstore

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Rule is one line of a bucket's notification configuration, as S3's own: objects created in Bucket whose key has both
// Prefix and Suffix cause an event for Function. Empty strings match everything; keys are compared undecoded.
type Rule struct {
	// ID is the event's configurationId.
	ID       string
	Bucket   string
	Prefix   string
	Suffix   string
	Function string
}

func (r Rule) matches(bucket, key string) bool {
	return r.Bucket == bucket && strings.HasPrefix(key, r.Prefix) && strings.HasSuffix(key, r.Suffix)
}

// The kinds of creation, as the eventName of the record says them.
const (
	createdByPut       = "ObjectCreated:Put"
	createdByPost      = "ObjectCreated:Post"
	createdByCopy      = "ObjectCreated:Copy"
	createdByMultipart = "ObjectCreated:CompleteMultipartUpload"
)

// message is an S3 event notification of version 2.1, field for field as in Amazon S3 User Guide, "Event message
// structure".
type message struct {
	Records []record `json:"Records"`
}

type record struct {
	EventVersion      string            `json:"eventVersion"`
	EventSource       string            `json:"eventSource"`
	AWSRegion         string            `json:"awsRegion"`
	EventTime         string            `json:"eventTime"`
	EventName         string            `json:"eventName"`
	UserIdentity      principal         `json:"userIdentity"`
	RequestParameters requestParameters `json:"requestParameters"`
	ResponseElements  responseElements  `json:"responseElements"`
	S3                recordS3          `json:"s3"`
}

type principal struct {
	PrincipalID string `json:"principalId"`
}

type requestParameters struct {
	SourceIPAddress string `json:"sourceIPAddress"`
}

type responseElements struct {
	RequestID string `json:"x-amz-request-id"`
	HostID    string `json:"x-amz-id-2"`
}

type recordS3 struct {
	SchemaVersion   string       `json:"s3SchemaVersion"`
	ConfigurationID string       `json:"configurationId"`
	Bucket          recordBucket `json:"bucket"`
	Object          recordObject `json:"object"`
}

type recordBucket struct {
	Name          string    `json:"name"`
	OwnerIdentity principal `json:"ownerIdentity"`
	ARN           string    `json:"arn"`
}

type recordObject struct {
	Key       string `json:"key"`
	Size      int64  `json:"size"`
	ETag      string `json:"eTag"`
	VersionID string `json:"versionId,omitempty"`
	Sequencer string `json:"sequencer"`
}

// created is what is known of a created object when its event is made.
type created struct {
	name            string // one of the kinds above
	bucket, key     string
	size            int64
	etag, versionID string
	origin          origin
}

// origin is the request that created an object. An event from a leftover intent has none.
type origin struct {
	RequestID string `json:"requestId,omitempty"`
	HostID    string `json:"hostId,omitempty"`
}

// sourceIPAddress stands in every event: the gateway sees only the relay, and no handler may care.
const sourceIPAddress = "127.0.0.1"

// eventTimeFormat is ISO 8601 with milliseconds, in UTC.
const eventTimeFormat = "2006-01-02T15:04:05.000Z"

func (c created) event(rule Rule, at time.Time, sequencer string) ([]byte, error) {
	return json.Marshal(message{Records: []record{{
		EventVersion:      "2.1",
		EventSource:       "aws:s3",
		AWSRegion:         Region,
		EventTime:         at.UTC().Format(eventTimeFormat),
		EventName:         c.name,
		UserIdentity:      principal{PrincipalID: AccessKey},
		RequestParameters: requestParameters{SourceIPAddress: sourceIPAddress},
		ResponseElements:  responseElements{RequestID: c.origin.RequestID, HostID: c.origin.HostID},
		S3: recordS3{
			SchemaVersion:   "1.0",
			ConfigurationID: rule.ID,
			Bucket: recordBucket{
				Name:          c.bucket,
				OwnerIdentity: principal{PrincipalID: AccessKey},
				ARN:           "arn:aws:s3:::" + c.bucket,
			},
			Object: recordObject{
				Key:       encodeKey(c.key),
				Size:      c.size,
				ETag:      strings.Trim(c.etag, `"`),
				VersionID: c.versionID,
				Sequencer: sequencer,
			},
		},
	}}})
}

// encodeKey writes a key as S3 events do: URL-encoded as a form value, a space as "+", slashes left alone.
func encodeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// sequence makes sequencers: hexadecimal, of one length, rising for the life of the folder as long as the clock does
// not jump back over a restart.
type sequence struct {
	mu   sync.Mutex
	last int64
}

func (s *sequence) next(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, now.UnixNano())
	return fmt.Sprintf("%018X", s.last)
}
