package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/local/endpoint"
	"gen3d/local/objectstore"
	"gen3d/tests/support/runtimeapi"
)

// clients are the AWS clients of a job, in its order. The endpoint's requests
// for manifests and outputs are SageMaker's and not counted.
var clients = []string{"api", "extract", "model server", "notify"}

// measureCalls counts a job's calls of AWS, from POST /api/jobs to the mail.
func measureCalls(ctx context.Context, b *bench) error {
	w, err := b.newJobRunner(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	totals := map[int]map[string]int{}
	for _, objects := range []int{1, 5} {
		if err := w.send(ctx, objects); err != nil {
			return fmt.Errorf("a job of %d objects: %w", objects, err)
		}
		totals[objects] = map[string]int{}
		for _, client := range clients {
			calls := w.meters[client].read()
			sum := 0
			for _, n := range calls {
				sum += n
			}
			totals[objects][client] = sum
			totals[objects]["all"] += sum
			b.addCalls(fmt.Sprintf("%s: %s", client, spell(calls)), objects, client, totals)
		}
		b.addCalls("all together", objects, "all", totals)
	}
	return nil
}

func (b *bench) addCalls(what string, objects int, client string, totals map[int]map[string]int) {
	label, share, to := fmt.Sprintf("calls of a job of %d object, %s", objects, what), "", ""
	if objects > 1 {
		label = fmt.Sprintf("calls of a job of %d objects, %s", objects, what)
		share, to = ratio(float64(totals[objects][client]), float64(totals[1][client])), "one object"
	}
	b.table.add(label, fmt.Sprint(totals[objects][client]), share, to)
}

// spell formats counts such as "3 GetObject, 1 HeadObject".
func spell(calls map[string]int) string {
	var parts []string
	for _, operation := range slices.Sorted(maps.Keys(calls)) {
		parts = append(parts, fmt.Sprintf("%d %s", calls[operation], operation))
	}
	return strings.Join(parts, ", ")
}

// jobRunner runs jobs with a meter at every client. Events are delivered one after
// the other, so that the counts are reproducible.
type jobRunner struct {
	cloud  *cloud
	meters map[string]*meter
	hosts  map[string]*runtimeapi.Host
	store  *bucket.Bucket // without a meter
	photo  []byte
	jobs   int
	closes []func()
}

func (b *bench) newJobRunner(ctx context.Context) (_ *jobRunner, err error) {
	c, err := b.needCloud(ctx)
	if err != nil {
		return nil, err
	}
	w := &jobRunner{cloud: c, meters: map[string]*meter{}, hosts: map[string]*runtimeapi.Host{}, store: documents(s3Client(c.s3URL))}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.photo, err = smallPhoto(); err != nil {
		return nil, err
	}
	for _, name := range clients {
		m, err := c.newMeter()
		if err != nil {
			return nil, err
		}
		w.meters[name] = m
		w.atClose(m.close)
	}
	model, err := startModelServer(ctx, w.meters["model server"].s3.URL)
	if err != nil {
		return nil, err
	}
	w.atClose(model.Close)
	if err := w.startEndpoint(ctx, model.URL); err != nil {
		return nil, err
	}
	for _, name := range []string{"api", "extract", "notify"} {
		host, err := startFunction(ctx, b, name, w.meters[name].s3.URL, w.meters[name].services.URL)
		if err != nil {
			return nil, err
		}
		w.hosts[name] = host
		w.atClose(host.Close)
	}
	return w, nil
}

// startEndpoint delivers one request at a time to the model server.
func (w *jobRunner) startEndpoint(ctx context.Context, model string) error {
	e, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: "000000000000", Region: objectstore.Region, ModelURL: model, Concurrency: 1,
		OutputPath: "s3://" + objectstore.ModelBucket + "/async/output", FailurePath: "s3://" + objectstore.ModelBucket + "/async/failure",
	}, endpoint.Dependencies{
		DB: w.cloud.db, S3: s3Client(w.cloud.s3URL), NewID: runtimeapi.NewRequestID, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	w.cloud.asynchronous(e.Handler())
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = e.Run(running) // returns the context's error
	}()
	w.atClose(func() {
		stop()
		<-ended
	})
	return nil
}

func (w *jobRunner) atClose(f func()) { w.closes = append(w.closes, f) }

func (w *jobRunner) close() {
	for _, f := range slices.Backward(w.closes) {
		f()
	}
}

// send runs a job of a new user from the API to its mail.
func (w *jobRunner) send(ctx context.Context, objects int) error {
	w.cloud.take()
	w.jobs++
	user := fmt.Sprintf("counted%d", w.jobs)
	answer, err := w.hosts["api"].Invoke(ctx, apiRequest(user, http.MethodPost, "/api/jobs", submission(w.photo, objects)), timeout)
	if err != nil {
		return err
	}
	var promise struct {
		JobID  job.ID
		Upload struct {
			URL    string
			Fields map[string]string
		}
	}
	if err := apiBody(answer, http.StatusCreated, &promise); err != nil {
		return err
	}
	// The URL is that of the API's meter, but the request is the browser's.
	if err := w.meters["api"].unmetered(func() error {
		return upload(ctx, promise.Upload.URL, promise.Upload.Fields, w.photo)
	}); err != nil {
		return err
	}
	ref := job.Ref{User: user, Job: promise.JobID}
	for deadline := time.Now().Add(timeout); ; {
		for _, n := range w.cloud.take() {
			if _, err := w.hosts[n.function].Invoke(ctx, json.RawMessage(n.event), timeout); err != nil {
				return fmt.Errorf("%s: %w", n.function, err)
			}
		}
		if _, err := w.store.MarkedPhoto(ctx, ref); errors.Is(err, bucket.ErrNotFound) {
			return w.rest(ctx)
		} else if err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("the job did not end in a minute")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// rest delivers the events that were sent during Notify's last invocation.
func (w *jobRunner) rest(ctx context.Context) error {
	for _, n := range w.cloud.take() {
		if _, err := w.hosts[n.function].Invoke(ctx, json.RawMessage(n.event), timeout); err != nil {
			return fmt.Errorf("%s: %w", n.function, err)
		}
	}
	return nil
}

// upload posts the photo like the page's form.
func upload(ctx context.Context, address string, fields map[string]string, photo []byte) error {
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for name, value := range fields {
		if err := writer.WriteField(name, value); err != nil {
			return err
		}
	}
	file, err := writer.CreateFormFile("file", "photo.png")
	if err != nil {
		return err
	}
	if _, err := file.Write(photo); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("S3 answered the upload with %s: %s", response.Status, text)
	}
	return nil
}
