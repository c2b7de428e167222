// Package email composes the mails that end a job, the user's and the admin's.
// Each is a MIME message with the same content as plain text and as HTML.
//
// Names chosen by users, those of photos and labels, appear only in the bodies,
// never in a header. Control characters and characters that change the
// direction of writing are removed from them. Links lead to the page, which
// requires sign-in, so a mail can be forwarded.
package email

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"

	"gen3d/internal/job"
)

// Subjects of the mail: the second if no object has a mesh.
const (
	SubjectReady = "Your 3D Mesh is Ready!"
	SubjectError = "Gen3D Processing Error"
)

// sceneTitle is the heading of the part about the scene.
const sceneTitle = "The whole scene: the objects in their places in the photo"

// Reason is why no mail was sent to the user.
type Reason string

// The reasons.
const (
	UserUnknown       Reason = "the user directory does not know the user"
	NoAddress         Reason = "the user directory has no usable address of the user"
	AddressUnverified Reason = "the user's address is not verified"
	AddressRefused    Reason = "the mail service refused the user's address"
)

// Email is the content of a mail.
type Email struct {
	Subject string
	Heading string
	Summary string // one sentence
	Photo   string
	Link    string // URL of the job's page
	JobID   job.ID
	UserID  string
	State   job.State
	Backend string // empty if no object reached a backend
	Objects []Object
	Scene   *Scene // nil if the job has none
	// ForUser is false for a mail to the admin alone.
	ForUser bool
	// Operator is the admin's part, or nil for a mail to the user alone.
	Operator *Operator
}

// Object is the part of the mail about one object.
type Object struct {
	Number   int
	Label    string
	Ready    bool
	Files    []File
	Vertices string // with thousands separators
	Faces    string
	Message  string // what failed and what to do
	Check    string // of a mesh: what to look at, or empty
}

// Scene is the part of the mail about the objects in their places in the photo.
type Scene struct {
	Files   []File
	Message string // why a file or an object is missing, or empty
}

// checkMask is what a mail says of an object whose mask may be wrong.
const checkMask = "Check the mask: the model is not sure that it found the object. If the mesh is wrong, open the job's page, correct the mask and try again."

// File is a file to download on the page.
type File struct {
	Name, Kind, Size string
}

// New returns the content for a finished job. results holds the result of every
// object of the manifest; scene is nil if the job has none; website is the page's
// origin.
func New(m *job.Manifest, results map[int]*job.Result, scene *job.Scene, sum job.Summary, website string) Email {
	e := Email{
		Subject: SubjectReady, Photo: cmp.Or(clean(m.Source.Name), "photo"), JobID: m.JobID, UserID: m.UserID, State: sum.State,
		ForUser: true, Link: website + "/jobs/" + string(m.JobID), Backend: backendName(sum.Backend),
	}
	switch {
	case sum.State == job.StateFailed:
		e.Subject = SubjectError
		e.Heading = "Nothing could be made from your photo"
		e.Summary = "None of the " + count(sum.Total, "object") + " could be made."
		if sum.Total == 1 {
			e.Summary = "Its object could not be made."
		}
		if sum.Error != nil {
			e.Summary = clean(sum.Error.Message)
		}
	case sum.State == job.StatePartial:
		e.Heading = fmt.Sprintf("%d of %s %s ready", sum.Succeeded, count(sum.Total, "object"), is(sum.Succeeded))
		e.Summary = fmt.Sprintf("%s could not be made; the reason is below.", count(sum.Failed, "object"))
	case sum.Total == 1:
		e.Heading = "Your 3D mesh is ready"
		e.Summary = "Look at it and download it on the job's page."
	default:
		e.Heading = fmt.Sprintf("Your %s are ready", count(sum.Total, "mesh"))
		e.Summary = "Look at them and download them on the job's page."
	}
	for _, o := range m.Objects {
		e.Objects = append(e.Objects, newObject(o, results[o.Index]))
	}
	if scene != nil {
		e.Scene = newScene(scene)
	}
	return e
}

func newScene(scene *job.Scene) *Scene {
	out := new(Scene)
	if scene.Error != nil {
		out.Message = clean(scene.Error.Message)
	} else if len(scene.Unplaced) > 0 {
		out.Message = notInScene(scene.Unplaced)
	}
	for _, f := range scene.Files {
		if info, ok := f.Format.SceneFile(); ok {
			out.Files = append(out.Files, newFile(f.Format, info.FileName, f.Bytes))
		}
	}
	return out
}

// notInScene says which objects the scene lacks, and why.
func notInScene(objects []int) string {
	texts := make([]string, len(objects))
	for i, n := range objects {
		texts[i] = strconv.Itoa(n)
	}
	if len(objects) == 1 {
		return "Object " + texts[0] + " is not in the scene: the model found no place for it."
	}
	return "Objects " + strings.Join(texts, ", ") + " are not in the scene: the model found no place for them."
}

// newFile describes a file of a format.
func newFile(format job.Format, name string, bytes int64) File {
	info, _ := format.Info()
	kind := info.Content + ", " + strings.ToUpper(strings.TrimPrefix(path.Ext(name), "."))
	return File{Name: name, Kind: kind, Size: job.Bytes(bytes)}
}

func newObject(o job.Object, r *job.Result) Object {
	out := Object{Number: o.Index, Label: clean(o.Label), Ready: r.Status == job.StatusSucceeded}
	if !out.Ready {
		out.Message = "The object could not be made. Try again."
		if r.Error != nil && r.Error.Message != "" {
			out.Message = clean(r.Error.Message)
		}
		return out
	}
	if r.Mask != nil && o.CheckMask(*r.Mask) {
		out.Check = checkMask
	}
	if r.Mesh != nil {
		out.Vertices, out.Faces = grouped(r.Mesh.Vertices), grouped(r.Mesh.Faces)
	}
	for _, f := range r.Files {
		if info, _ := f.Format.Info(); info.Choosable { // the preview and the mask are on the page
			out.Files = append(out.Files, newFile(f.Format, info.FileName, f.Bytes))
		}
	}
	return out
}

// backendName returns the name of the backend that made the meshes.
func backendName(b job.Backend) string {
	switch b {
	case job.BackendSAM3D:
		return "SAM 3D Objects"
	case job.BackendRelief:
		return "CPU preview, not SAM 3D"
	}
	return clean(string(b))
}

// is returns "is" or "are", to agree with n.
func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func count(n int, what string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(what, "sh"):
		what += "es"
	default:
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// grouped formats 12345 as 12,345.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// maxText limits a name chosen by a user, in runes.
const maxText = 300

// clean returns text as one line of at most maxText runes: control characters
// and line breaks become spaces, and invisible format characters, such as those
// that change the direction of writing, are removed.
func clean(text string) string {
	var b strings.Builder
	runes := 0
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			r = ' '
		case unicode.Is(unicode.Cf, r):
			continue
		}
		if runes++; runes > maxText {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
