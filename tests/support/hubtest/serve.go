package hubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (h *Hub) note(w http.ResponseWriter, r *http.Request, storage bool) (answered bool) {
	h.mu.Lock()
	h.requests = append(h.requests, Request{
		Storage: storage, Method: r.Method, Path: r.URL.Path,
		Authorization: r.Header.Get("Authorization"), Range: r.Header.Get("Range"),
	})
	fault := h.Fault
	h.mu.Unlock()
	return fault != nil && fault(w, r, storage)
}

// Refuse writes an error in the hub's format.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	if code != "" {
		w.Header().Set("X-Error-Code", code)
	}
	if message != "" {
		w.Header().Set("X-Error-Message", message)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message}) // the client may have disconnected
}

func (h *Hub) api(w http.ResponseWriter, r *http.Request) {
	if h.note(w, r, false) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	token, sent := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if sent && h.Token != "" && token != h.Token {
		Refuse(w, http.StatusUnauthorized, "", "Invalid credentials in Authorization header")
		return
	}
	path, listed := strings.CutPrefix(r.URL.Path, "/api/models/")
	path = strings.TrimPrefix(path, "/")
	parts := strings.SplitN(path, "/", 4)
	if len(parts) < 4 {
		http.NotFound(w, r)
		return
	}
	name, verb, rest := parts[0]+"/"+parts[1], parts[2], parts[3]
	if now := h.Renamed[name]; now != "" {
		http.Redirect(w, r, strings.Replace(r.URL.RequestURI(), name, now, 1), http.StatusTemporaryRedirect)
		return
	}
	repo := h.repos[name]
	if repo == nil {
		Refuse(w, http.StatusUnauthorized, "RepoNotFound", "Repository not found")
		return
	}
	switch {
	case listed && verb == "revision":
		if rest != "main" && rest != repo.commit {
			Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+rest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": name, "sha": repo.commit, "siblings": []any{}}) // as in Refuse
	case listed && verb == "tree":
		h.tree(w, r, repo, rest)
	case verb == "resolve":
		h.resolve(w, r, name, repo, rest, sent)
	default:
		http.NotFound(w, r)
	}
}

// tree lists files and folders in the order of their paths, a page at a time.
func (h *Hub) tree(w http.ResponseWriter, r *http.Request, repo *repository, rest string) {
	commit, folder, _ := strings.Cut(rest, "/")
	if commit != repo.commit {
		Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+commit)
		return
	}
	entries, folders := []map[string]any{}, map[string]bool{}
	for _, f := range repo.files {
		if folder != "" && !strings.HasPrefix(f.Path, folder+"/") {
			continue
		}
		for at := range f.Path {
			if dir := f.Path[:at]; f.Path[at] == '/' && !folders[dir] && len(dir) > len(folder) {
				folders[dir] = true
				entries = append(entries, map[string]any{"type": "directory", "oid": strings.Repeat("d", 40), "size": 0, "path": dir})
			}
		}
		entry := map[string]any{"type": "file", "oid": f.oid, "size": f.Size, "path": f.Path}
		if f.LFS {
			entry["oid"] = strings.Repeat("a", 40) // of the pointer
			entry["lfs"] = map[string]any{"oid": f.sum, "size": f.Size, "pointerSize": 134}
			entry["xetHash"] = strings.Repeat("b", 64)
		}
		entries = append(entries, entry)
	}
	if folder != "" && len(entries) == 0 {
		Refuse(w, http.StatusNotFound, "EntryNotFound", folder+" does not exist on \""+commit+"\"")
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor")) // none: the first page
	to := min(from+h.PageSize, len(entries))
	if to < len(entries) {
		query := r.URL.Query()
		query.Set("cursor", strconv.Itoa(to))
		w.Header().Set("Link", fmt.Sprintf(`<https://huggingface.invalid%s?%s>; rel="next"`, r.URL.EscapedPath(), query.Encode()))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(entries[from:to]) // as in Refuse
}

func (h *Hub) resolve(w http.ResponseWriter, r *http.Request, name string, repo *repository, rest string, sent bool) {
	commit, path, _ := strings.Cut(rest, "/")
	if h.Gated[name] && (!sent || !h.Granted) {
		message := h.Message
		if message == "" {
			message = "Access to model " + name + " is restricted and you are not in the authorized list. Visit https://huggingface.co/" + name + " to ask for access."
		}
		status := http.StatusForbidden
		if !sent {
			status, message = http.StatusUnauthorized, "Access to model "+name+" is restricted. You must have access to it and be authenticated to access it. Please log in."
		}
		Refuse(w, status, "GatedRepo", message)
		return
	}
	at := slices.IndexFunc(repo.files, func(f *stored) bool { return f.Path == path })
	if at < 0 || commit != repo.commit {
		Refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	file := repo.files[at]
	w.Header().Set("X-Repo-Commit", repo.commit)
	if !file.LFS {
		// A small file is served by the hub itself, after one redirect.
		if r.URL.Query().Get("direct") == "" {
			w.Header().Set("Location", r.URL.EscapedPath()+"?direct=1")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("ETag", `"`+file.oid+`"`)
		h.serve(w, r, name, file)
		return
	}
	h.links++
	w.Header().Set("X-Linked-Etag", `"`+file.sum+`"`)
	w.Header().Set("X-Linked-Size", strconv.FormatInt(file.Size, 10))
	link := url.URL{Path: "/" + name + "/" + path, RawQuery: url.Values{"Signature": {strconv.Itoa(h.links)}}.Encode()}
	http.Redirect(w, r, h.Storage+link.String(), http.StatusFound)
}

// storage serves signed URLs, without a token.
func (h *Hub) storage(w http.ResponseWriter, r *http.Request) {
	if h.note(w, r, true) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	if len(parts) == 3 && h.repos[parts[0]+"/"+parts[1]] != nil && r.URL.Query().Get("Signature") != "" && r.Header.Get("Authorization") == "" {
		name := parts[0] + "/" + parts[1]
		for _, f := range h.repos[name].files {
			if f.Path == parts[2] {
				h.serve(w, r, name, f)
				return
			}
		}
	}
	http.Error(w, "AccessDenied", http.StatusForbidden)
}

// serve writes a file's bytes without holding the lock.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request, name string, f *stored) {
	if h.NoRanges {
		r.Header.Del("Range")
	}
	rate, cut, wrong, body := h.Rate, h.Cut, f.wrong, f.content.at()
	h.mu.Unlock()
	defer h.mu.Lock()
	counted := &counting{ResponseWriter: w, ended: r.Context().Done(), rate: rate, cut: cut, wrong: wrong, count: func(n int) {
		h.mu.Lock()
		h.served[name+"/"+f.Path] += int64(n)
		h.mu.Unlock()
	}}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(counted, r, "", time.Time{}, body)
}

type counting struct {
	http.ResponseWriter
	ended <-chan struct{}
	rate  int64
	cut   int64
	sent  int64
	wrong bool
	count func(int)
}

func (c *counting) Write(p []byte) (int, error) {
	if c.wrong && len(p) > 0 {
		p = bytes.Clone(p)
		p[len(p)/2] ^= 1
	}
	over := c.cut > 0 && c.sent+int64(len(p)) > c.cut
	if over {
		p = p[:c.cut-c.sent]
	}
	// Counted first: the client may have the bytes before Write returns.
	c.count(len(p))
	n, err := c.ResponseWriter.Write(p)
	c.sent += int64(n)
	c.count(n - len(p))
	if over {
		_ = http.NewResponseController(c.ResponseWriter).Flush() // the connection ends anyway
		panic(http.ErrAbortHandler)
	}
	if c.rate > 0 {
		select {
		case <-time.After(time.Duration(int64(n) * int64(time.Second) / c.rate)):
		case <-c.ended:
		}
	}
	return n, err
}
