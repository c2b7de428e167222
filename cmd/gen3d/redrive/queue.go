package redrive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gen3d/cmd/gen3d/target"
)

// queue is the dead-letter queue of a stack.
type queue struct {
	url       string
	functions []string // those of the stack
	messages  *sqs.Client
	lambda    *lambda.Client
	received  map[string]string // receipts by message
}

func newQueue(t *target.Target) *queue {
	return &queue{
		url: t.DeadLetterQueueURL, functions: []string{t.ExtractFunction, t.NotifyFunction, t.SweepFunction},
		messages: sqs.NewFromConfig(t.AWS), lambda: lambda.NewFromConfig(t.AWS), received: map[string]string{},
	}
}

// Limits of SQS, and of a command.
const (
	batch       = 10      // messages of a call
	mostLetters = 5000    // that a command looks at
	holdSeconds = 15 * 60 // during which no other consumer receives them
	pollSeconds = 2       // a long poll asks all of SQS's servers
	reasonLimit = 300     // characters
	unknownKind = "its form is not one that Gen3D's queue gets; read it with aws sqs receive-message"
)

// Letters receives the messages until there are no more.
func (q *queue) Letters(ctx context.Context) ([]Letter, error) {
	letters := []Letter{}
	for len(letters) < mostLetters {
		out, err := q.messages.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.url, MaxNumberOfMessages: batch, VisibilityTimeout: holdSeconds, WaitTimeSeconds: pollSeconds,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
			MessageAttributeNames:       []string{"All"},
		})
		if err != nil {
			return nil, fmt.Errorf("reading the dead letters: %w", err)
		}
		if len(out.Messages) == 0 {
			break
		}
		for _, m := range out.Messages {
			id, receipt := aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle)
			_, again := q.received[id]
			q.received[id] = receipt
			if !again { // SQS delivers at least once
				letters = append(letters, q.letter(m))
			}
		}
	}
	slices.SortStableFunc(letters, func(a, b Letter) int { return cmp.Compare(a.FailedAt.UnixNano(), b.FailedAt.UnixNano()) })
	return letters, nil
}

func (q *queue) letter(m types.Message) Letter {
	l := Letter{ID: aws.ToString(m.MessageId), receipt: aws.ToString(m.ReceiptHandle)}
	if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
		l.FailedAt = time.UnixMilli(ms).UTC()
	}
	q.explain(&l, m)
	if l.Unsendable == "" && !slices.Contains(q.functions, l.Function) {
		l.Unsendable = "it is for a function that is not the stack's"
	}
	return l
}

// Send invokes the function and deletes the message, also after an interruption:
// one that stays would be sent twice.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (q *queue) Send(ctx context.Context, l Letter) error {
	out, err := q.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &l.Function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: l.event})
	if err != nil {
		return fmt.Errorf("sending %s to %s: %w", l.ID, l.Function, err)
	}
	if out.StatusCode != http.StatusAccepted {
		return fmt.Errorf("sending %s to %s: Lambda answers %d instead of %d", l.ID, l.Function, out.StatusCode, http.StatusAccepted)
	}
	if _, err := q.messages.DeleteMessage(context.WithoutCancel(ctx), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: aws.String(q.received[l.ID])}); err != nil {
		return fmt.Errorf("%s is sent, but stays in the queue, so it can be sent twice: %w", l.ID, err)
	}
	delete(q.received, l.ID)
	return nil
}

// Release makes the messages visible to others at once.
func (q *queue) Release(ctx context.Context) error {
	var entries []types.ChangeMessageVisibilityBatchRequestEntry
	for _, receipt := range q.received {
		entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(len(entries) % batch)), ReceiptHandle: aws.String(receipt)})
	}
	clear(q.received)
	var failed []error
	for some := range slices.Chunk(entries, batch) {
		out, err := q.messages.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url, Entries: some})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, refused := range out.Failed {
			failed = append(failed, errors.New(aws.ToString(refused.Code)))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("giving the dead letters back (they reappear by themselves within %d minutes): %w", holdSeconds/60, err)
	}
	return nil
}
