package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// eventRecord is a record of an event: either a stored object or a message of
// the error topic. The other is nil.
type eventRecord struct {
	stored  *events.S3EventRecord
	message *events.SNSEventRecord
}

// readEvent parses the records of an event of either kind. S3's test event,
// which S3 sends when a notification is configured, has no records.
func readEvent(payload json.RawMessage) ([]eventRecord, error) {
	var shape struct {
		Event   string // set in S3's test event
		Records []json.RawMessage
	}
	if err := json.Unmarshal(payload, &shape); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	if shape.Records == nil && shape.Event != "s3:TestEvent" {
		return nil, errors.New("reading the event: it has no Records; Notify takes events of S3 and SNS")
	}
	records := make([]eventRecord, len(shape.Records))
	for i, record := range shape.Records {
		var err error
		if records[i], err = readRecord(record); err != nil {
			return nil, fmt.Errorf("reading record %d of the event: %w", i, err)
		}
	}
	return records, nil
}

func readRecord(record json.RawMessage) (eventRecord, error) {
	// S3 has eventSource and SNS EventSource; encoding/json matches both.
	var kind struct{ EventSource string }
	if err := json.Unmarshal(record, &kind); err != nil {
		return eventRecord{}, err
	}
	switch kind.EventSource {
	case "aws:s3":
		var stored events.S3EventRecord
		err := json.Unmarshal(record, &stored)
		return eventRecord{stored: &stored}, err
	case "aws:sns":
		var message events.SNSEventRecord
		err := json.Unmarshal(record, &message)
		return eventRecord{message: &message}, err
	}
	return eventRecord{}, fmt.Errorf("its source is %.40q; Notify takes aws:s3 and aws:sns", kind.EventSource)
}

// created reports whether the record is about a new object.
func created(record *events.S3EventRecord) bool {
	return strings.HasPrefix(record.EventName, "ObjectCreated:")
}
