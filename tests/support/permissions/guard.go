package permissions

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// Guard is a proxy between a program and a stand-in of AWS. It forwards the
// requests that the program's role is allowed in every stack.
type Guard struct {
	Role   string
	Stacks []*Stack
	AWS    http.Handler
	// Refused is called for each request that is not allowed. A test fails
	// there.
	Refused func(error)

	judged atomic.Int64
}

// Judged returns how many requests were evaluated.
func (g *Guard) Judged() int64 { return g.judged.Load() }

// ServeHTTP answers a request that is not allowed as AWS does.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.judged.Add(1)
	var content []byte
	read := false
	body := func() ([]byte, error) {
		if read {
			return content, nil
		}
		var err error
		if content, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("reading the content of %s %s: %w", r.Method, r.URL.Path, err)
		}
		read = true
		r.Body = io.NopCloser(bytes.NewReader(content))
		return content, nil
	}
	guarded := &answer{ResponseWriter: w, head: r.Method == http.MethodHead}
	for _, s := range g.Stacks {
		needs, err := s.Needs(r, body)
		if err == nil {
			err = s.Allow(g.Role, needs.Requests...)
		}
		if err != nil {
			g.Refused(err)
			service := ""
			if needs != nil {
				service = needs.Service
			}
			deny(w, r, service, err)
			return
		}
		guarded.absent = append(guarded.absent, func() error {
			if err := s.Allow(g.Role, needs.Missing...); err != nil {
				return fmt.Errorf("AWS answers %s %s with 403 and not 404: %w", r.Method, r.URL.Path, err)
			}
			return nil
		})
	}
	guarded.refuse = func(err error) {
		g.Refused(err)
		deny(w, r, "s3", err)
	}
	g.AWS.ServeHTTP(guarded, r)
}

// answer replaces a response that discloses that something is missing, if the
// role is not allowed to know.
type answer struct {
	http.ResponseWriter
	head    bool
	absent  []func() error
	refuse  func(error)
	refused bool
}

func (a *answer) WriteHeader(status int) {
	if status == http.StatusNotFound {
		for _, allowed := range a.absent {
			if err := allowed(); err != nil {
				a.refused = true
				for name := range a.Header() {
					a.Header().Del(name)
				}
				a.refuse(err)
				return
			}
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.refused {
		return len(p), nil
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap gives a proxy access to Flush.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// deny answers in the format of the service. The protocol of Cognito and of
// SageMaker's control plane uses 400 for every refusal.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
func deny(w http.ResponseWriter, r *http.Request, service string, why error) {
	if service == "s3" || service == "" {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		if r.Method != http.MethodHead {
			_ = xml.NewEncoder(w).Encode(struct {
				XMLName xml.Name `xml:"Error"`
				Code    string
				Message string
			}{Code: "AccessDenied", Message: why.Error()})
		}
		return
	}
	status, kind := http.StatusForbidden, "application/json"
	if service == "cognito-idp" || service == "sagemaker" && r.Header.Get("X-Amz-Target") != "" {
		status, kind = http.StatusBadRequest, "application/x-amz-json-1.1"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "AccessDeniedException", "message": why.Error()})
}
