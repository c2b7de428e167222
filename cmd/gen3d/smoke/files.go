package smoke

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
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

// downloadFiles downloads the photo, the previews, the masks and every file of the
// jobs that succeeded, and of their scenes.
func downloadFiles(ctx context.Context, r *run) (string, error) {
	size := 0
	for _, m := range r.jobs {
		if !m.done {
			continue
		}
		v, err := r.show(ctx, m.id) // for links that are valid
		if err != nil {
			return "", err
		}
		links := map[string]string{"the photo": v.Source.URL}
		var files []fileLink
		if v.Scene != nil {
			files = append(files, v.Scene.Files...)
		}
		for _, o := range v.Objects {
			links[fmt.Sprintf("the preview of object %d", o.Index)] = o.Preview
			files = append(files, o.Files...)
			if err := r.fetchMask(ctx, v, o); err != nil {
				return "", err
			}
		}
		for _, f := range files {
			got, err := r.fetch(ctx, m.id, f)
			if err != nil {
				return "", err
			}
			r.files = append(r.files, got)
			size += len(got.data)
		}
		for what, link := range links {
			if _, err := r.picture(ctx, link, what+" of job "+m.id); err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%s, %s", console.Count(len(r.files), "file"), job.Bytes(int64(size))), nil
}

// picture downloads what the page shows as a picture.
func (r *run) picture(ctx context.Context, link, what string) ([]byte, error) {
	got, err := r.get(ctx, link, "")
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") || len(got.body) == 0 {
		return nil, &mismatch{what, got.String(), r.place.look("api")}
	}
	return got.body, nil
}

// fetchMask downloads the mask that the model used for an object, and expects a
// gray picture of the photo's size in which something is the object.
func (r *run) fetchMask(ctx context.Context, v view, o object) error {
	what := fmt.Sprintf("the mask of object %d of job %s", o.Index, v.JobID)
	data, err := r.picture(ctx, o.Mask.URL, what)
	if err != nil {
		return err
	}
	expected := fmt.Sprintf("%s, %d × %d gray pixels with an object", what, v.Source.Width, v.Source.Height)
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return &mismatch{expected, err.Error(), r.place.look("model")}
	}
	mask, gray := decoded.(*image.Gray)
	if size := decoded.Bounds().Size(); !gray || size != image.Pt(v.Source.Width, v.Source.Height) || !slices.Contains(mask.Pix, 255) {
		return &mismatch{expected, fmt.Sprintf("%T of %d × %d pixels", decoded, size.X, size.Y), r.place.look("model")}
	}
	return nil
}

// fetch downloads a file by both of its links, as the page does by scripts: S3
// must let it read what it converts and puts into a zip file.
func (r *run) fetch(ctx context.Context, id string, link fileLink) (file, error) {
	got, err := r.get(ctx, link.URL, r.page)
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
	if r.isReadable && !allows(got, r.page) {
		return file{}, &mismatch{"S3 to allow a GET of " + link.Format + " of job " + id + " from " + r.page, allowance(got), corsAdvice}
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
