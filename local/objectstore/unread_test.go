package objectstore_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/objectstore"
)

// A client that sends its whole request before it reads gets the answer,
// although the request was refused at the first byte.
func TestRefusedLargeRequestGetsItsAnswer(t *testing.T) {
	w := newWorld(t)
	body := bytes.Repeat([]byte{1}, 21<<20)
	for name, request := range map[string]struct {
		method, path string
		header       string
		want         int
	}{
		"a PUT without a signature":  {"PUT", "/users/u/input/photo.jpg", "", http.StatusForbidden},
		"a PUT of a forged link":     {"PUT", "/users/u/input/photo.jpg?X-Amz-Signature=0&X-Amz-Credential=x", "", http.StatusBadRequest},
		"a POST that is no form":     {"POST", "", "Content-Type: multipart/form-data; boundary=x\r\n", http.StatusBadRequest},
		"a method that does not fit": {"PATCH", "/users/u/input/photo.jpg", "", http.StatusMethodNotAllowed},
	} {
		conn, err := net.Dial("tcp", w.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "%s /%s%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s\r\n",
			request.method, objectstore.DataBucket, request.path, w.addr, len(body), request.header)
		if err == nil {
			_, err = conn.Write(body)
		}
		if err != nil {
			t.Errorf("%s: sending it: %v", name, err)
			continue
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: reading the answer: %v", name, err)
			continue
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != request.want || !strings.Contains(string(text), "<Code>") {
			t.Errorf("%s: %s %s, %v; want %d", name, answer.Status, text, err, request.want)
		}
	}
}

// Amazon S3 sends each of the request's ids once:
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
func TestARequestsIDsAreSentOnce(t *testing.T) {
	w := newWorld(t)
	w.put("users/u/output/preview", "a picture")
	signed, err := s3.NewPresignClient(client(w.addr)).PresignGetObject(w.ctx(), &s3.GetObjectInput{
		Bucket: aws.String(objectstore.DataBucket), Key: aws.String("users/u/output/preview"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{signed.URL: http.StatusOK, "http://" + w.addr + "/" + objectstore.DataBucket + "/none": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		status, header, _ := w.do(req)
		ids, hosts := header.Values("X-Amz-Request-Id"), header.Values("X-Amz-Id-2")
		if status != want || len(ids) != 1 || len(hosts) != 1 || ids[0] == "" || hosts[0] == "" {
			t.Errorf("the answer %d has the ids %q and %q, want one of each", status, ids, hosts)
		}
	}
}
