package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/internal/job"
	"gen3d/tests/support/runtimeapi"
)

const warmEvents = 40

// warmEvent is one kind of event of one function.
type warmEvent struct {
	function, what string
	// prepare creates what event i needs and returns the event.
	prepare func(ctx context.Context, i int) (any, error)
	times   []time.Duration
}

// measureWarm measures events of functions that have started and have processed
// an event: from sending the event to receiving the response, including S3 and
// the services.
func measureWarm(ctx context.Context, b *bench) error {
	c, err := b.needCloud(ctx)
	if err != nil {
		return err
	}
	c.asynchronous(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"InferenceId":"bench"}`))
	}))
	kinds, err := c.kinds()
	if err != nil {
		return err
	}
	hosts := map[string]*runtimeapi.Host{}
	for _, name := range append([]string{"empty"}, functionNames...) {
		host, err := startFunction(ctx, b, name, c.s3URL, c.server.URL)
		if err != nil {
			return err
		}
		defer host.Close()
		hosts[name] = host
	}
	for i := range warmEvents + 1 {
		for _, o := range kinds {
			event, err := o.prepare(ctx, i)
			if err != nil {
				return fmt.Errorf("preparing %s: %w", o.what, err)
			}
			began := time.Now()
			if _, err := hosts[o.function].Invoke(ctx, event, timeout); err != nil {
				return fmt.Errorf("%s: %w", o.what, err)
			}
			if i > 0 { // the first warms up
				o.times = append(o.times, time.Since(began))
			}
		}
	}
	for _, o := range kinds {
		b.table.add(fmt.Sprintf("warm event: %s, median of %d", o.what, warmEvents), ms(median(o.times)),
			ratioOf(median(o.times), median(kinds[0].times)), "the empty function")
	}
	return nil
}

func (c *cloud) kinds() ([]*warmEvent, error) {
	photo, err := smallPhoto()
	if err != nil {
		return nil, err
	}
	client := s3Client(c.s3URL)
	store := documents(client)
	// sent returns the event that the bucket sends for the object just written.
	sent := func(function string) (any, error) {
		for _, n := range c.take() {
			if n.function == function {
				return json.RawMessage(n.event), nil
			}
		}
		return nil, fmt.Errorf("the bucket sent no event for %s", function)
	}
	return []*warmEvent{
		{function: "empty", what: "empty", prepare: func(context.Context, int) (any, error) { return json.RawMessage(`{}`), nil }},
		{function: "extract", what: "extract, a photo with one object", prepare: func(ctx context.Context, i int) (any, error) {
			if err := putPhoto(ctx, client, fmt.Sprintf("users/warm%d/input/photo.png", i), "image/png", photo, nil); err != nil {
				return nil, err
			}
			return sent("extract")
		}},
		{function: "notify", what: "notify, the last result, with the mail", prepare: func(ctx context.Context, i int) (any, error) {
			id, err := job.NewID(time.Now(), rand.Reader)
			if err != nil {
				return nil, err
			}
			ref := job.Ref{User: fmt.Sprintf("warmer%d", i), Job: id}
			m := manifest(ref, 1)
			if err := store.MarkPending(ctx, ref); err != nil {
				return nil, err
			}
			if _, err := store.CreateManifest(ctx, &m); err != nil {
				return nil, err
			}
			if _, err := writeResult(ctx, store, ref, 1); err != nil {
				return nil, err
			}
			return sent("notify")
		}},
		{function: "api", what: "api, POST /api/jobs", prepare: func(_ context.Context, i int) (any, error) {
			return apiRequest(fmt.Sprintf("poster%d", i), http.MethodPost, "/api/jobs", submission(photo, 1)), nil
		}},
		{function: "api", what: "api, GET /api/jobs with one job", prepare: func(_ context.Context, i int) (any, error) {
			return apiRequest(fmt.Sprintf("poster%d", i), http.MethodGet, "/api/jobs", ""), nil
		}},
		{function: "sweep", what: "sweep, nothing due", prepare: func(context.Context, int) (any, error) {
			return events.CloudWatchEvent{Version: "0", DetailType: "Scheduled Event", Source: "aws.events", Detail: json.RawMessage(`{}`)}, nil
		}},
	}, nil
}
