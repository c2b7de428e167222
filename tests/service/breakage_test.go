package service_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/qmuntal/gltf"

	"gen3d/cmd/gen3d/smoke"
)

// breakage breaks the service for gen3d smoke: between the two it replaces
// requests or responses.
type breakage struct {
	*service
	clock atomic.Int64 // minutes by which the clock of gen3d smoke is fast
	owner string       // Authorization of user A
}

// pass sends a request to the service.
func (b *breakage) pass(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r)
}

// answer returns a response in place of the service's.
func answer(r *http.Request, status int, contentType, body string) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// edit changes the body of the service's response.
func (b *breakage) edit(r *http.Request, change func([]byte) []byte) (*http.Response, error) {
	response, err := b.pass(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	body = change(body)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	for name := range response.Header { // of the original body
		if strings.HasPrefix(name, "X-Amz-Checksum-") {
			response.Header.Del(name)
		}
	}
	return response, nil
}

// document changes the response as a JSON object.
func (b *breakage) document(r *http.Request, change func(map[string]any)) (*http.Response, error) {
	return b.edit(r, func(body []byte) []byte {
		var document map[string]any
		if json.Unmarshal(body, &document) != nil {
			return body
		}
		change(document)
		changed, err := json.Marshal(document)
		if err != nil {
			b.t.Error(err)
		}
		return changed
	})
}

func (b *breakage) ofS3(r *http.Request) bool { return "http://"+r.URL.Host == b.s3URL }
func ofJob(r *http.Request, method string) bool {
	return r.Method == method && strings.HasPrefix(r.URL.Path, "/api/jobs/")
}

func objectsOf(view map[string]any) []any {
	objects, _ := view["objects"].([]any)
	return objects
}

// nameOf returns the name of the photo of a job.
func nameOf(view map[string]any) string {
	source, _ := view["source"].(map[string]any)
	name, _ := source["name"].(string)
	return name
}

// brokenService is a fault of a service that smoke names.
type brokenService struct {
	name  string
	step  string // the one that fails
	wants string // in its message
	trip  func(*breakage, *http.Request) (*http.Response, error)
}

var breakages = []brokenService{
	{"the page's configuration is missing", "page configuration", "the page's configuration in /config.json; seen: status 404", func(b *breakage, r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/config.json" {
			return answer(r, http.StatusNotFound, "text/plain", "no such page")
		}
		return b.pass(r)
	}},
	{"the page's configuration has no limits", "page configuration", "the limits in /config.json", func(b *breakage, r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/config.json" {
			return b.document(r, func(config map[string]any) { delete(config, "limits") })
		}
		return b.pass(r)
	}},
	{"the sign-in is refused", "sign-in", "a token for user A", func(b *breakage, r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/oidc/authorize" && r.Method == http.MethodPost {
			return answer(r, http.StatusBadRequest, "text/plain", "no such user")
		}
		return b.pass(r)
	}},
	{"the API answers without a token", "no token", "401 for POST /jobs without a token; seen: status 200", func(b *breakage, r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/api/jobs") && r.Header.Get("Authorization") == "" {
			return answer(r, http.StatusOK, "application/json", `{"jobs":[],"nextCursor":null}`)
		}
		return b.pass(r)
	}},
	{"the API fails to create jobs", "submit a job", "201 with a form from POST /api/jobs; seen: status 500", func(b *breakage, r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/api/jobs" && r.Method == http.MethodPost && r.Header.Get("Authorization") != "" {
			return answer(r, http.StatusInternalServerError, "application/json", `{"message":"Internal Server Error"}`)
		}
		return b.pass(r)
	}},
	{"S3 refuses the form", "upload the photo", "204 from S3 for the presigned form; seen: status 403 <Error><Code>AccessDenied</Code></Error>", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && r.Method == http.MethodPost {
			return answer(r, http.StatusForbidden, "application/xml", "<Error><Code>AccessDenied</Code></Error>")
		}
		return b.pass(r)
	}},
	{"S3 does not let the page read", "cross-origin", `seen: status 200, Access-Control-Allow-Origin ""`, func(b *breakage, r *http.Request) (*http.Response, error) {
		response, err := b.pass(r)
		if err == nil && b.ofS3(r) {
			response.Header.Del("Access-Control-Allow-Origin")
		}
		return response, err
	}},
	{"a job never ends", "wait for the mesh", "to end within 30m0s; seen: state processing", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !ofJob(r, http.MethodGet) {
			return b.pass(r)
		}
		return b.document(r, func(view map[string]any) {
			if strings.HasSuffix(nameOf(view), "-cup.jpg") {
				view["state"] = "processing"
				b.clock.Add(1)
			}
		})
	}},
	{"one of several objects fails", "several objects", "object 2 failed (model_failed: The model could not", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !ofJob(r, http.MethodGet) {
			return b.pass(r)
		}
		return b.document(r, func(view map[string]any) {
			if objects := objectsOf(view); len(objects) == 2 && view["state"] == "succeeded" {
				view["state"] = "partial"
				second := objects[1].(map[string]any)
				second["state"], second["files"] = "failed", []any{}
				second["error"] = map[string]any{"code": "model_failed", "message": "The model could not make this object."}
			}
		})
	}},
	{"the scene fails", "several objects", "scene failed with objects [1 2], without [] (timed_out: It took too long.)", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !ofJob(r, http.MethodGet) {
			return b.pass(r)
		}
		return b.document(r, func(view map[string]any) {
			if scene, ok := view["scene"].(map[string]any); ok && scene["state"] == "succeeded" {
				scene["state"], scene["error"] = "failed", map[string]any{"code": "timed_out", "message": "It took too long."}
			}
		})
	}},
	{"a copied photo starts no job", "copy to S3", "a job of the copied photo in user A's list; seen: none after", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && r.Method == http.MethodPut {
			return answer(r, http.StatusOK, "application/xml", "")
		}
		if r.URL.Path == "/api/jobs" && r.Method == http.MethodGet {
			b.clock.Add(1)
		}
		return b.pass(r)
	}},
	{"a bad photo succeeds", "bad photo", "to fail with a reason in words; seen: state succeeded", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !ofJob(r, http.MethodGet) {
			return b.pass(r)
		}
		return b.document(r, func(view map[string]any) {
			if strings.HasSuffix(nameOf(view), "-bad.jpg") && view["state"] == "failed" {
				view["state"] = "succeeded"
			}
		})
	}},
	{"a bad photo fails without words", "bad photo", "to fail with a reason in words; seen: state failed (not_an_image: )", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !ofJob(r, http.MethodGet) {
			return b.pass(r)
		}
		return b.document(r, func(view map[string]any) {
			if reason, ok := view["error"].(map[string]any); ok {
				reason["message"] = ""
			}
		})
	}},
	{"another user reads a job", "another user", "404 for GET of user A's job by user B; seen: status 200", func(b *breakage, r *http.Request) (*http.Response, error) {
		token := r.Header.Get("Authorization")
		if b.owner == "" && r.URL.Path == "/api/jobs" && strings.HasPrefix(token, "Bearer ey") {
			b.owner = token
		}
		if ofJob(r, http.MethodGet) && token != "" && token != b.owner {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", b.owner)
		}
		return b.pass(r)
	}},
	{"a mask is of another size", "download", "gray pixels with an object; seen: *image.Gray of 2 × 1 pixels", func(b *breakage, r *http.Request) (*http.Response, error) {
		if !b.ofS3(r) || !strings.HasSuffix(r.URL.Path, "/mask") {
			return b.pass(r)
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 1))); err != nil {
			return nil, err
		}
		return answer(r, http.StatusOK, "image/png", picture.String())
	}},
	{"S3 does not let the page read a download", "download", "S3 to allow a GET of ply of job", func(b *breakage, r *http.Request) (*http.Response, error) {
		response, err := b.pass(r)
		if err == nil && b.ofS3(r) && strings.HasSuffix(r.URL.Path, "/mesh.ply") {
			response.Header.Del("Access-Control-Allow-Origin")
		}
		return response, err
	}},
	{"a GLB is truncated", "download", "bytes of glb of job", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && strings.HasSuffix(r.URL.Path, "/mesh.glb") {
			return b.edit(r, func(body []byte) []byte { return body[:len(body)-100] })
		}
		return b.pass(r)
	}},
	{"a GLB has an index out of range", "GLB files", "has the index 65535, and only", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/mesh.glb") {
			return b.edit(r, b.withIndexOutOfRange)
		}
		return b.pass(r)
	}},
	{"a PLY names a vertex that it lacks", "PLY files", "a face names vertex", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && strings.HasSuffix(r.URL.Path, "/mesh.ply") {
			return b.edit(r, func(body []byte) []byte { // the last index of the last face
				return append(body[:len(body)-4], 0xff, 0xff, 0xff, 0x7f)
			})
		}
		return b.pass(r)
	}},
	{"an SPZ is damaged", "SPZ files", "reading its Gaussians", func(b *breakage, r *http.Request) (*http.Response, error) {
		if b.ofS3(r) && strings.HasSuffix(r.URL.Path, "/splat.spz") {
			return b.edit(r, func(body []byte) []byte { // its checksum
				body[len(body)-8] ^= 1
				return body
			})
		}
		return b.pass(r)
	}},
	{"the mail is not sent", "mail", "1 mail to user A with the link to job", func(b *breakage, r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/mailbox.json" {
			return answer(r, http.StatusOK, "application/json", "[]")
		}
		return b.pass(r)
	}},
	{"a deleted job stays", "delete the jobs", "404 for the deleted job", func(b *breakage, r *http.Request) (*http.Response, error) {
		if ofJob(r, http.MethodDelete) && r.Header.Get("Authorization") == b.owner {
			return answer(r, http.StatusNoContent, "", "")
		}
		if b.owner == "" && r.URL.Path == "/api/jobs" { // the first call is of user A
			b.owner = r.Header.Get("Authorization")
		}
		return b.pass(r)
	}},
	{"a deletion leaves a file", "nothing left", "no file of the deleted jobs in gen3d-local-data; seen: 1 file, such as users/testuser003/output/", func(b *breakage, r *http.Request) (*http.Response, error) {
		response, err := b.pass(r)
		if ofJob(r, http.MethodDelete) && err == nil && response.StatusCode == http.StatusNoContent && b.owner == "" {
			b.owner = "once"
			id := strings.TrimPrefix(r.URL.Path, "/api/jobs/")
			_, err = b.s3().PutObject(r.Context(), &s3.PutObjectInput{
				Bucket: aws.String(dataBucket), Key: aws.String("users/testuser003/output/" + id + "/1/mesh.glb"), Body: strings.NewReader("glTF"),
			})
		}
		return response, err
	}},
}

// withIndexOutOfRange sets the first index of the first mesh.
func (b *breakage) withIndexOutOfRange(file []byte) []byte {
	var doc gltf.Document
	if err := gltf.NewDecoder(bytes.NewReader(file)).Decode(&doc); err != nil {
		b.t.Error(err)
		return file
	}
	indices := doc.Accessors[*doc.Meshes[0].Primitives[0].Indices]
	if indices.ComponentType != gltf.ComponentUshort {
		b.t.Errorf("the indices are %v", indices.ComponentType)
		return file
	}
	view := doc.BufferViews[*indices.BufferView]
	binaryChunk := 12 + 8 + int(binary.LittleEndian.Uint32(file[12:])) + 8
	binary.LittleEndian.PutUint16(file[binaryChunk+view.ByteOffset+indices.ByteOffset:], 0xffff)
	return file
}

// Breakages that run at the same time have services of their own, because a run
// removes what its users have.
func TestSmokeNamesTheStepOfEachBreakage(t *testing.T) {
	const services = 4
	for first := range services {
		t.Run(fmt.Sprintf("service %d", first+1), func(t *testing.T) {
			t.Parallel()
			s := start(t, t.TempDir())
			for i := first; i < len(breakages); i += services {
				t.Run(breakages[i].name, func(t *testing.T) { s.breaks(t, &breakages[i]) })
			}
		})
	}
}

func (s *service) breaks(t *testing.T, test *brokenService) {
	t.Helper()
	b := &breakage{service: s}
	report, trace := s.smokes(t.Context(), func(o *smoke.Options) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) { return test.trip(b, r) })
		o.Now = func() time.Time { return time.Now().Add(time.Duration(b.clock.Load()) * time.Minute) }
	})
	failed := failures(report)
	if len(failed) != 1 || failed[0].Name != test.step || !strings.Contains(failed[0].Message, test.wants) {
		t.Errorf("failed: %v; want the step %s with %q", failed, test.step, test.wants)
	}
	text := trace
	for _, step := range report.Steps {
		text += step.Message
		if step.Status == smoke.Skipped && step.Message == "" {
			t.Errorf("step %s is skipped without a reason", step.Name)
		}
	}
	if secret := secretPattern.FindString(text); secret != "" {
		t.Errorf("the output has %q", secret)
	}
	s.eventually("nothing left", func() bool { return len(s.keys("users/")) == 0 && s.markers() == 0 })
}
