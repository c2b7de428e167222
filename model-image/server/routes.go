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
	// maxManifest bounds the request body in bytes. A manifest of 16 labeled
	// objects has 4 KB.
	maxManifest = 256 << 10
	// bodyTimeout bounds reading a request body, which comes from the same host.
	bodyTimeout = 30 * time.Second
	// headerAttributes is the header with the object's number.
	headerAttributes = "X-Amzn-SageMaker-Custom-Attributes"
)

// Handler returns the handler of SageMaker's two paths, /ping and /invocations.
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

// ping reports whether objects can be processed. SageMaker sends no new
// requests to a container whose ping fails, and replaces the container if pings
// keep failing; how often they may fail is not documented. So pings fail while
// a backend restarts: requests stay in the queue or go to another instance, and
// a backend that does not recover gets its container replaced. Invocations are
// accepted meanwhile: a 503 would fail them, and most restarts are over well
// before the invocation timeout.
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	state, reason := s.lifecycle.get()
	var unhealthy error
	if reporter, ok := s.backend.(HealthReporter); ok && state == StateReady {
		unhealthy = reporter.Healthy()
	}
	switch {
	case state == StateReady && s.turn.blocked():
		busy(w, 10, "backend_stuck", "The backend has not returned from an object whose timeout has expired; restart the container if this persists.")
	case unhealthy != nil:
		busy(w, 5, "backend_restarting", "The backend has failed and is being set up again: "+strings.TrimRight(unhealthy.Error(), ".")+".")
	case state != StateReady:
		busy(w, 1, codes[state], "State "+string(state)+": "+reason+".")
	default:
		body, err := json.Marshal(map[string]string{"state": string(state), "backend": string(s.cfg.Backend)})
		if err != nil {
			panic(err) // strings always marshal
		}
		write(w, http.StatusOK, "application/json", body)
	}
}

var codes = map[State]string{
	StateStarting: "starting", StateSetupFailed: "setup_failed", StateDraining: "draining",
}

// invocation handles a request for one object.
func (s *Server) invocation(w http.ResponseWriter, r *http.Request) {
	if state, reason := s.lifecycle.get(); state != StateReady {
		busy(w, 5, codes[state], "State "+string(state)+": "+reason+".")
		return
	}
	defer s.inFlight.Add(-1)
	if s.inFlight.Add(1) > int64(s.cfg.MaxConcurrency) {
		busy(w, 5, "at_capacity", "The server has reached its limit of concurrent requests; try again.")
		return
	}
	manifest, object, ok := s.read(w, r)
	if !ok {
		return
	}
	s.respond(w, r, manifest, object)
}

// read returns the manifest and the object of the request. If the request is
// invalid, it responds with a problem and returns false.
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
		refuse(w, http.StatusBadRequest, "bad_body", "The body was not received completely; send it again.")
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

// respond processes the object and responds with its result document.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, manifest *job.Manifest, object job.Object) {
	log := s.log.With("userId", manifest.UserID, "jobId", string(manifest.JobID), "object", object.Index)
	result, err := s.outcome(r.Context(), log, manifest, object)
	switch {
	case errors.Is(err, errStopped):
		busy(w, 5, "draining", "The server is stopping and has canceled the object; send the request again.")
	case errors.Is(err, errClientGone):
		log.InfoContext(r.Context(), "request canceled by the client before the backend started")
		busy(w, 5, "canceled", "The request was canceled; send it again.")
	case storageFull(err):
		log.ErrorContext(r.Context(), "the storage has no room for the object")
		refuse(w, http.StatusInsufficientStorage, "storage_full", "The storage has no room for the object; send the request again.")
	case errors.Is(err, errJobDeleted):
		refuse(w, http.StatusGone, "job_deleted", "The job has been deleted.")
	case err != nil:
		log.ErrorContext(r.Context(), "no outcome written", "error", err.Error())
		refuse(w, http.StatusInternalServerError, "result_not_written", "The object's result could not be written to the data bucket.")
	default:
		// Same formatting as the document in the bucket.
		body, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			panic(err) // it has been marshaled before
		}
		write(w, http.StatusOK, "application/json", body)
	}
}
