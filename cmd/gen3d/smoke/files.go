package smoke

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/smoke/meshfile"
	"gen3d/internal/job"
)

// file is a downloaded file.
type file struct {
	job, format, name string
	data              []byte
}

// downloadFiles downloads the photo, the previews, masks and every file of the jobs
// that succeeded.
func downloadFiles(ctx context.Context, r *run) (string, error) {
	bytes := 0
	for _, m := range r.jobs {
		if !m.done {
			continue
		}
		v, err := r.show(ctx, m.id) // for links that are valid
		if err != nil {
			return "", err
		}
		links := map[string]string{"the photo": v.Source.URL}
		for _, o := range v.Objects {
			links[fmt.Sprintf("the preview of object %d", o.Index)] = o.Preview
			links[fmt.Sprintf("the mask of object %d", o.Index)] = o.Mask.URL
			for _, f := range o.Files {
				got, err := r.fetch(ctx, m.id, f)
				if err != nil {
					return "", err
				}
				r.files = append(r.files, got)
				bytes += len(got.data)
			}
		}
		for what, link := range links {
			got, err := r.get(ctx, link, "")
			if err != nil {
				return "", err
			}
			if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") || len(got.body) == 0 {
				return "", &mismatch{what + " of job " + m.id, got.String(), r.place.look("api")}
			}
		}
	}
	return fmt.Sprintf("%s, %s", console.Count(len(r.files), "file"), job.Bytes(int64(bytes))), nil
}

// fetch downloads a file by both of its links.
func (r *run) fetch(ctx context.Context, id string, link fileLink) (file, error) {
	got, err := r.get(ctx, link.URL, "")
	if err != nil {
		return file{}, fmt.Errorf("downloading %s of job %s: %w", link.Format, id, err)
	}
	what := fmt.Sprintf("%d bytes of %s of job %s", link.Bytes, link.Format, id)
	if got.status != http.StatusOK || int64(len(got.body)) != link.Bytes {
		return file{}, &mismatch{what, fmt.Sprintf("status %d, %d bytes", got.status, len(got.body)), r.place.look("model")}
	}
	if kind := got.header.Get("Content-Disposition"); !strings.HasPrefix(kind, "attachment") {
		return file{}, &mismatch{link.Format + " of job " + id + " as an attachment", fmt.Sprintf("Content-Disposition %q", kind), r.place.look("api")}
	}
	if link.ViewURL != "" {
		shown, err := r.get(ctx, link.ViewURL, r.page)
		if err != nil {
			return file{}, err
		}
		if shown.status != http.StatusOK || int64(len(shown.body)) != link.Bytes {
			return file{}, &mismatch{what + " for the page's viewer", fmt.Sprintf("status %d, %d bytes", shown.status, len(shown.body)), r.place.look("model")}
		}
	}
	return file{job: id, format: link.Format, name: link.Name, data: got.body}, nil
}

// checkGLBs checks every GLB.
func checkGLBs(_ context.Context, r *run) (string, error) {
	return r.checkFiles("valid glTF", func(f file) (string, bool, error) {
		if f.format != string(job.FormatGLB) && f.format != string(job.FormatGLBDense) {
			return "", false, nil
		}
		triangles, err := meshfile.GLB(f.data)
		return fmt.Sprintf("%d triangles", triangles), true, err
	})
}

// checkPLYs checks every PLY and splat.
func checkPLYs(_ context.Context, r *run) (string, error) {
	return r.checkFiles("valid PLY", func(f file) (string, bool, error) {
		switch f.format {
		case string(job.FormatPLY):
			vertices, err := meshfile.MeshPLY(f.data)
			return fmt.Sprintf("%d vertices", vertices), true, err
		case string(job.FormatSplat):
			splats, err := meshfile.SplatPLY(f.data)
			return fmt.Sprintf("%d splats", splats), true, err
		}
		return "", false, nil
	})
}

// checkSPZs checks every compressed splat.
func checkSPZs(_ context.Context, r *run) (string, error) {
	return r.checkFiles("valid SPZ", func(f file) (string, bool, error) {
		if f.format != string(job.FormatSPZ) {
			return "", false, nil
		}
		splats, err := meshfile.SPZ(f.data)
		return fmt.Sprintf("%d splats", splats), true, err
	})
}

// checkFiles applies a check to the files of its kind. Each job has one at
// least.
func (r *run) checkFiles(what string, check func(file) (string, bool, error)) (string, error) {
	var found []string
	for _, f := range r.files {
		size, applies, err := check(f)
		if !applies {
			continue
		}
		if err != nil {
			return "", &mismatch{fmt.Sprintf("%s in %s of job %s", what, f.name, f.job), err.Error(), r.place.look("model")}
		}
		found = append(found, size)
	}
	if len(found) == 0 {
		return "", &mismatch{"a file with " + what, "none", r.place.look("model")}
	}
	return console.Count(len(found), "file") + ": " + strings.Join(found, ", "), nil
}
