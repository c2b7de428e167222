package objectstore_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/objectstore"
)

type postPolicy struct {
	key        string
	conditions []any
	expires    time.Duration
}

// presign returns a POST form for one key.
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

func TestCORSAllowsOnlyThePagesOriginAndHeaders(t *testing.T) {
	w := newWorld(t)
	preflight := func(origin, method, header string) (int, http.Header) {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodOptions, "http://"+w.addr+"/"+objectstore.DataBucket, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", method)
		req.Header.Set("Access-Control-Request-Headers", header)
		status, answer, _ := w.do(req)
		return status, answer
	}
	for header, method := range map[string]string{"content-type": "POST", "range": "GET"} {
		status, answer := preflight(pageOrigin, method, header)
		if status != 200 || answer.Get("Access-Control-Allow-Origin") != pageOrigin || !strings.Contains(answer.Get("Access-Control-Allow-Methods"), method) {
			t.Errorf("the page's preflight of %s with %s got %d %v", method, header, status, answer)
		}
	}
	if status, answer := preflight("http://evil.example", "POST", "content-type"); status != 403 || answer.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight of another origin got %d %v", status, answer)
	}
	for header, method := range map[string]string{"cache-control": "GET", "content-type": "PUT"} {
		if status, answer := preflight(pageOrigin, method, header); status != 403 || answer.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a preflight of %s with %s got %d %v", method, header, status, answer)
		}
	}
}

// What the page reads here, it must be able to read from a stack's bucket.
func TestCORSRuleIsThatOfAStack(t *testing.T) {
	const source = "../../infra/access.go"
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		field, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		name, ok := field.Key.(*ast.Ident)
		if !ok || name.Name != "AllowedMethods" && name.Name != "AllowedHeaders" && name.Name != "ExposeHeaders" {
			return true
		}
		ast.Inspect(field.Value, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok {
				want[name.Name] = append(want[name.Name], strings.Trim(text.Value, `"`))
			}
			return true
		})
		return false
	})
	w := newWorld(t)
	got, err := w.s3.GetBucketCors(w.ctx(), &s3.GetBucketCorsInput{Bucket: aws.String(objectstore.DataBucket)})
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range got.CORSRules {
		have := map[string][]string{"AllowedMethods": rule.AllowedMethods, "AllowedHeaders": rule.AllowedHeaders, "ExposeHeaders": rule.ExposeHeaders}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("the rule is %v, and %v in %s", have, want, source)
		}
	}
	if len(got.CORSRules) != 1 || len(want) != 3 {
		t.Errorf("%d rules, and %d lists in %s", len(got.CORSRules), len(want), source)
	}
}
