package objectstore

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Rule is a rule of a bucket's notification configuration, as in S3: objects
// created in Bucket whose key has both Prefix and Suffix cause an event for
// Function. An empty string matches every key; keys are compared undecoded.
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

// The kinds of creation, as in the eventName of a record.
const (
	createdByPut       = "ObjectCreated:Put"
	createdByPost      = "ObjectCreated:Post"
	createdByCopy      = "ObjectCreated:Copy"
	createdByMultipart = "ObjectCreated:CompleteMultipartUpload"
)

// message is an S3 event notification of version 2.1, field for field as in
// Amazon S3 User Guide, "Event message structure".
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

// created describes a created object for its event.
type created struct {
	name            string // one of the kinds above
	bucket, key     string
	size            int64
	etag, versionID string
	origin          origin
}

// origin is the request that created an object. It is empty for an event of a
// leftover intent.
type origin struct {
	RequestID string `json:"requestId,omitempty"`
	HostID    string `json:"hostId,omitempty"`
}

// sourceIPAddress is the address in every event: the gateway sees only the
// relay's.
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

// encodeKey encodes a key as S3 events do: as a form value, a space as "+",
// with slashes unchanged.
func encodeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// sequence generates sequencers: hexadecimal numbers of a fixed length that
// increase for the life of the folder, unless the clock is set back between two
// runs.
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
