package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/local/objectstore"
)

// apiRequest returns API Gateway's event for a signed-in user's request.
func apiRequest(user, method, path, body string) events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path, Body: body,
		Headers: map[string]string{"content-type": "application/json"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path},
			Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": user}},
			},
		},
	}
}

// apiBody decodes the body of the API's response, which must have the status.
func apiBody(answer []byte, status int, into any) error {
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return fmt.Errorf("reading the API's answer: %w", err)
	}
	if response.StatusCode != status {
		return fmt.Errorf("the API answered %d %s; want %d", response.StatusCode, response.Body, status)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal([]byte(response.Body), into)
}

// submission returns the body of POST /api/jobs for the small photo.
func submission(photo []byte, objects int) string {
	list := make([]string, objects)
	for i := range list {
		list[i] = fmt.Sprintf(`{"box":[%d,0,%d,64]}`, i*10, i*10+20)
	}
	text, err := json.Marshal(map[string]any{
		"name": "photo.png", "contentType": "image/png", "bytes": len(photo), "objects": rawList(list),
	})
	if err != nil {
		panic(err) // these values always marshal
	}
	return string(text)
}

func rawList(items []string) []json.RawMessage {
	raw := make([]json.RawMessage, len(items))
	for i, item := range items {
		raw[i] = json.RawMessage(item)
	}
	return raw
}

// putPhoto stores a photo in the bucket.
func putPhoto(ctx context.Context, client *s3.Client, key, contentType string, photo []byte, metadata map[string]string) error {
	_, err := client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: bytes.NewReader(photo),
		ContentType: &contentType, Metadata: metadata,
	})
	return err
}

// manifest returns a job's manifest, like Extract's.
func manifest(ref job.Ref, objects int) job.Manifest {
	source := job.Source{
		Bucket: objectstore.DataBucket, Key: ref.PhotoKey("photo", ".png"), ETag: "etag", Bytes: 100, Width: 64, Height: 64,
		Orientation: 1, ContentType: "image/png", Name: "photo.png",
	}
	return job.NewManifest(ref, ref.Job.Created(), source, make([]job.Selection, objects), job.Options{Formats: job.AllFormats})
}

// meshFile replaces a mesh whose contents do not matter.
var meshFile = bytes.Repeat([]byte("mesh"), 64)

// writeResult writes a file and the result of object n.
func writeResult(ctx context.Context, to *bucket.Bucket, ref job.Ref, n int) (job.Result, error) {
	file, err := to.PutFile(ctx, ref, n, job.FormatGLB, meshFile)
	if err != nil {
		return job.Result{}, err
	}
	result := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{file},
		Mesh: &job.MeshStats{Vertices: 4, Faces: 4}, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
	}
	_, err = to.CreateResult(ctx, ref, result)
	return result, err
}
