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
