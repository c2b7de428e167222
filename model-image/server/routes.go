package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"gen3d/internal/job"
)

const (
	// maxManifest bounds the body. A manifest of 16 labeled objects has 4 KB.
	maxManifest = 256 << 10
	// bodyTimeout is how long a body may take to arrive, from next door.
	bodyTimeout = 30 * time.Second
	// headerAttributes carries the object's number.
	headerAttributes = "X-Amzn-SageMaker-Custom-Attributes"
)

// Handler answers the two paths of SageMaker's contract.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", s.only(http.MethodGet, s.ping))
	mux.HandleFunc("/invocations", s.only(http.MethodPost, s.invocation))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "not_found", "There is nothing here; the paths are /ping and /invocations.")
	})
	return mux
}

func (s *Server) only(method string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && (method != http.MethodGet || r.Method != http.MethodHead) {
			w.Header().Set("Allow", method)
			refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "Use "+method+" here.")
			return
		}
		next(w, r)
	}
}

// ping tells whether objects can be made. SageMaker sends a container that does
// not pass no new requests and replaces one that goes on failing; how often it
// may fail is not documented. So a backend that restarts fails the ping, for the
// queue to wait or to go to another instance, and one that never comes back has
// the container replaced. Requests that are here already, or come all the same,
// are not refused meanwhile: a 503 to them would be their failure, and most
// restarts are over well within their time.
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	state, reason := s.lifecycle.get()
	var unhealthy error
	if reporter, ok := s.backend.(HealthReporter); ok && state == StateReady {
		unhealthy = reporter.Healthy()
	}
	switch {
	case state == StateReady && s.turn.blocked():
		busy(w, 10, "backend_stuck", "The backend has not let go of an object whose time is over; restart the container if that lasts.")
	case unhealthy != nil:
		busy(w, 5, "backend_restarting", "The backend has failed and is being set up again: "+strings.TrimRight(unhealthy.Error(), ".")+".")
	case state != StateReady:
		busy(w, 1, codes[state], "State "+string(state)+": "+reason+".")
	default:
		body, err := json.Marshal(map[string]string{"state": string(state), "backend": string(s.cfg.Backend)})
		if err != nil {
			panic(err) // strings always marshal
		}
		answer(w, http.StatusOK, "application/json", body)
	}
}

var codes = map[State]string{
	StateStarting: "starting", StateSetupFailed: "setup_failed", StateDraining: "draining",
}

// invocation makes one object.
func (s *Server) invocation(w http.ResponseWriter, r *http.Request) {
	if state, reason := s.lifecycle.get(); state != StateReady {
		busy(w, 5, codes[state], "State "+string(state)+": "+reason+".")
		return
	}
	defer s.inFlight.Add(-1)
	if s.inFlight.Add(1) > int64(s.cfg.MaxConcurrency) {
		busy(w, 5, "at_capacity", "The server has as many requests in hand as it takes; try again.")
		return
	}
	manifest, object, ok := s.read(w, r)
	if !ok {
		return
	}
	s.respond(w, r, manifest, object)
}

// read takes the manifest and the object out of the request, or refuses it.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*job.Manifest, job.Object, bool) {
	none := job.Object{}
	number, err := job.ParseCustomAttributes(r.Header.Get(headerAttributes))
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_attributes", "The header "+headerAttributes+" must read object=n, with the number of an object of the manifest.")
		return nil, none, false
	}
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, "wrong_content_type", "The body must be the job's manifest, of type application/json.")
			return nil, none, false
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxManifest))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		refuse(w, http.StatusRequestEntityTooLarge, "manifest_too_large", "The body has more than 256 KB; send the job's manifest.")
		return nil, none, false
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_body", "The body did not arrive whole; send it again.")
		return nil, none, false
	}
	manifest, err := job.ParseManifest(body)
	if err == nil {
		manifest.Options, err = manifest.Options.Normalize()
	}
	if err != nil {
		s.log.WarnContext(r.Context(), "manifest refused", "error", err.Error())
		refuse(w, http.StatusBadRequest, "bad_manifest", "The body must be a job's manifest (version 1), whose photo lies in the input folder of the job's own user.")
		return nil, none, false
	}
	if manifest.Source.Bucket != s.cfg.Bucket {
		refuse(w, http.StatusBadRequest, "wrong_bucket", "The manifest is of another bucket than this server's.")
		return nil, none, false
	}
	object, err := manifest.Object(number)
	if err != nil {
		refuse(w, http.StatusBadRequest, "no_such_object", "The manifest has no object of the number in "+headerAttributes+".")
		return nil, none, false
	}
	return manifest, object, true
}

// respond makes the object and answers with its result document.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, manifest *job.Manifest, object job.Object) {
	log := s.log.With("userId", manifest.UserID, "jobId", string(manifest.JobID), "object", object.Index)
	result, err := s.outcome(r.Context(), log, manifest, object)
	switch {
	case errors.Is(err, errStopped):
		busy(w, 5, "draining", "The server is stopping and has broken the object off; send the request again.")
	case errors.Is(err, errClientGone):
		log.InfoContext(r.Context(), "request given up by its sender before the backend began")
		busy(w, 5, "canceled", "The request was given up; send it again.")
	case storageFull(err):
		log.ErrorContext(r.Context(), "the storage has no room for the object")
		refuse(w, http.StatusInsufficientStorage, "storage_full", "The storage has no room for the object; send the request again.")
	case errors.Is(err, errJobDeleted):
		refuse(w, http.StatusGone, "job_deleted", "The job has been deleted.")
	case err != nil:
		log.ErrorContext(r.Context(), "no outcome written", "error", err.Error())
		refuse(w, http.StatusInternalServerError, "result_not_written", "The object's result could not be written to the data bucket.")
	default:
		// The document as it stands in the bucket.
		body, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			panic(err) // it was marshaled before, to be written
		}
		answer(w, http.StatusOK, "application/json", body)
	}
}
