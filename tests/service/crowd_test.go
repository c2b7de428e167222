package service_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// If there are more clients than the process can open files, they take turns;
// none is refused, and the process keeps running.
func TestMoreClientsThanOpenFilesAreAllServed(t *testing.T) {
	const files, clients = 600, 300
	s := startBy(t, t.TempDir(), []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$@"`, files), "sh", gen3d})
	if !strings.Contains(s.output.String(), " with ulimit -n ") {
		t.Error("the service does not state how many files all connections need")
	}
	token := s.token("testuser001")

	// Each connection to S3 stays open until all exist.
	var all, there sync.WaitGroup
	there.Add(clients)
	for range clients {
		all.Go(func() {
			connection, err := net.Dial("tcp", strings.TrimPrefix(s.s3URL, "http://"))
			there.Done()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = connection.Close() }()
			there.Wait()
			err = connection.SetDeadline(time.Now().Add(timeout))
			if err == nil {
				_, err = fmt.Fprintf(connection, "GET /%s/absent HTTP/1.1\r\nHost: s3\r\n\r\n", dataBucket)
			}
			if err != nil {
				t.Error(err)
				return
			}
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Errorf("S3 did not answer: %v", err)
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("S3 answered %s", response.Status)
			}
		})
	}
	for range clients {
		all.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: timeout}
			for range 3 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/jobs", nil)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Authorization", "Bearer "+token)
				response, err := client.Do(request)
				if err != nil {
					t.Errorf("the API did not answer: %v", err)
					return
				}
				_ = response.Body.Close()
				if response.StatusCode != http.StatusOK {
					t.Errorf("the API answered %s", response.Status)
				}
			}
		})
	}
	all.Wait()
	select {
	case <-s.done:
		t.Error("the process has ended")
	default:
	}
}
