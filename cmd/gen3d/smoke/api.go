package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// user is a fictitious user.
type user struct {
	label    string // user A or user B
	name     string // of the directory
	email    string
	token    string
	password string // only in a stack
	id       string // the token's sub, which names the user's folder
}

// maxAnswer limits what is read of a response, in bytes: a mesh's file is the
// largest.
const maxAnswer = 512 << 20

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// String returns the status and the beginning of a text.
func (a answer) String() string {
	text := fmt.Sprintf("status %d", a.status)
	kind := a.header.Get("Content-Type")
	if strings.Contains(kind, "json") || strings.Contains(kind, "xml") || strings.HasPrefix(kind, "text/plain") {
		text += " " + oneLine(string(a.body))
	}
	return text
}

// is reports whether the body is of a media type.
func (a answer) is(kind string) bool {
	found, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.TrimSpace(found) == kind
}

// send sends a request and reads the response.
func (r *run) send(request *http.Request) (answer, error) {
	response, err := r.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, errors.Unwrap(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer to %s %s: %w", request.Method, request.URL.Path, err)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// get gets a URL without a token, as a browser that displays a page of origin;
// an empty origin is none.
func (r *run) get(ctx context.Context, url, origin string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, fmt.Errorf("creating a request: %w", err)
	}
	if origin != "" {
		request.Header.Set("Origin", origin)
	}
	return r.send(request)
}

// call calls the API as a user, or without a token if it is nil. A body is sent
// as JSON.
func (r *run) call(ctx context.Context, as *user, method, path string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("writing a request as JSON: %w", err)
		}
		content = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.page+r.config.APIURL+path, content)
	if err != nil {
		return answer{}, fmt.Errorf("creating a request: %w", err)
	}
	if as != nil {
		request.Header.Set("Authorization", "Bearer "+as.token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return r.send(request)
}

// problem is an error of the API (RFC 9457).
type problem struct {
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

// failure is why a job or an object failed.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// created is the answer to a submission.
type created struct {
	JobID  string `json:"jobId"`
	Upload struct {
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	} `json:"upload"`
}

// view is a job as the API shows it.
type view struct {
	JobID      string    `json:"jobId"`
	State      string    `json:"state"`
	Error      *failure  `json:"error"`
	NotifiedAt time.Time `json:"notifiedAt"`
	Source     struct {
		URL    string `json:"url"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"source"`
	Objects []object `json:"objects"`
	Scene   *scene   `json:"scene"`
}

// scene is the objects of a job together.
type scene struct {
	State    string     `json:"state"`
	Error    *failure   `json:"error"`
	Files    []fileLink `json:"files"`
	Objects  []int      `json:"objects"`
	Unplaced []int      `json:"unplaced"`
}

type object struct {
	Index   int        `json:"index"`
	State   string     `json:"state"`
	Stage   string     `json:"stage"`
	Error   *failure   `json:"error"`
	Files   []fileLink `json:"files"`
	Preview string     `json:"preview"`
	Mask    maskLink   `json:"mask"`
	Backend string     `json:"backend"`
}

type maskLink struct {
	Source string `json:"source"`
	URL    string `json:"url"`
}

type fileLink struct {
	Format  string `json:"format"`
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	URL     string `json:"url"`
	ViewURL string `json:"viewUrl"`
}

// ended reports whether the state is final.
func (v view) ended() bool {
	return v.State == "succeeded" || v.State == "partial" || v.State == "failed"
}

// String returns the states of the job and of its objects, with their errors.
func (v view) String() string {
	parts := []string{"state " + v.State}
	if v.Error != nil {
		parts[0] += " (" + v.Error.Code + ": " + v.Error.Message + ")"
	}
	for _, o := range v.Objects {
		part := fmt.Sprintf("object %d %s", o.Index, o.State)
		if o.Stage != "" {
			part += " in stage " + o.Stage
		}
		if o.Error != nil {
			part += " (" + o.Error.Code + ": " + o.Error.Message + ")"
		}
		parts = append(parts, part)
	}
	if s := v.Scene; s != nil {
		part := fmt.Sprintf("scene %s with objects %v, without %v", s.State, s.Objects, s.Unplaced)
		if s.Error != nil {
			part += " (" + s.Error.Code + ": " + s.Error.Message + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// show reads a job of user A.
func (r *run) show(ctx context.Context, id string) (view, error) {
	got, err := r.call(ctx, r.a, http.MethodGet, "/jobs/"+id, nil)
	if err != nil {
		return view{}, err
	}
	var v view
	if got.status != http.StatusOK || json.Unmarshal(got.body, &v) != nil {
		return view{}, &mismatch{"job " + id + " from GET /api/jobs/{jobId}", got.String(), r.place.look("api")}
	}
	return v, nil
}

// line is a job in the list.
type line struct {
	JobID string `json:"jobId"`
	Name  string `json:"name"`
}

// list returns the jobs of a user that keep wants, on all pages.
func (r *run) list(ctx context.Context, of *user, keep func(line) bool) ([]line, error) {
	var kept []line
	for cursor := ""; ; {
		path := "/jobs?limit=50"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		got, err := r.call(ctx, of, http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Jobs       []line  `json:"jobs"`
			NextCursor *string `json:"nextCursor"`
		}
		if got.status != http.StatusOK || json.Unmarshal(got.body, &page) != nil {
			return nil, &mismatch{"the list of jobs from GET /api/jobs", got.String(), r.place.look("api")}
		}
		for _, l := range page.Jobs {
			if keep(l) {
				kept = append(kept, l)
			}
		}
		if page.NextCursor == nil {
			return kept, nil
		}
		cursor = *page.NextCursor
	}
}
