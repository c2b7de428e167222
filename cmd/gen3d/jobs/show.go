package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/job"
)

type showCommand struct {
	one
	JSON bool `name:"json" help:"Print the job as JSON."`
}

// Run prints the job.
func (c *showCommand) Run(ctx context.Context, s console.Streams) error {
	t, snapshot, err := c.open(ctx)
	if err != nil {
		return err
	}
	r, err := read(ctx, t.Data, snapshot, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(r)
	}
	return r.print(s, t.DataBucket)
}

func (r *report) print(s console.Streams, bucket string) error {
	facts := [][2]string{
		{"job", string(r.Job)}, {"user", r.User}, {"created", console.Time(r.Created)}, {"state", string(r.State)}, {"waits for", r.Waits},
	}
	if r.Error != nil {
		facts = append(facts, [2]string{"reason", failureText(r.Error)})
	}
	if p := r.Photo; p != nil {
		size := job.Bytes(p.Bytes)
		if p.Width > 0 {
			size = fmt.Sprintf("%d × %d, %s", p.Width, p.Height, size)
		}
		facts = append(facts, [2]string{"photo", fmt.Sprintf("%s (%s, %s)", p.Name, p.ContentType, size)}, [2]string{"", "s3://" + bucket + "/" + p.Key})
	}
	facts = append(facts, [2]string{"from job", string(r.From)}, [2]string{"options", r.options()}, [2]string{"scene", r.scene()})
	facts = append(facts, r.mails()...)
	if err := s.Facts(facts); err != nil {
		return err
	}
	fmt.Fprintln(s.Out)
	var rows, files [][]string
	for _, o := range r.Objects {
		rows = append(rows, o.row())
		if o.Result != nil {
			for _, f := range o.Result.Files {
				files = append(files, []string{fmt.Sprint(o.Index), string(f.Format), job.Bytes(f.Bytes), "s3://" + bucket + "/" + f.Key})
			}
		}
	}
	files = append(files, r.sceneFiles(bucket)...)
	if err := s.Table([]string{"OBJECT", "LABEL", "STATE", "STAGE", "BACKEND", "SECONDS", "MASK", "REASON"}, rows); err != nil || len(files) == 0 {
		return err
	}
	fmt.Fprintln(s.Out)
	return s.Table([]string{"OBJECT", "FORMAT", "SIZE", "FILE"}, files)
}

func (r *report) options() string {
	var formats []string
	for _, f := range r.Options.Formats {
		formats = append(formats, string(f))
	}
	faces := ""
	if r.Options.Faces != 0 {
		faces = fmt.Sprintf(", %d faces", r.Options.Faces)
	}
	return fmt.Sprintf("formats %s, quality %s%s, seed %d", strings.Join(formats, " "), r.Options.Quality, faces, r.Options.Seed)
}

// scene says what became of the job's scene, and is empty for a job that has none.
func (r *report) scene() string {
	switch {
	case r.SceneDue:
		return "not made yet"
	case r.Scene == nil:
		return ""
	}
	text := string(r.Scene.Status) + ", objects " + numbers(r.Scene.Objects)
	if len(r.Scene.Unplaced) > 0 {
		text += ", without a place " + numbers(r.Scene.Unplaced)
	}
	if r.Scene.Error != nil {
		text += "; " + failureText(r.Scene.Error)
	}
	return text
}

func (r *report) sceneFiles(bucket string) (rows [][]string) {
	if r.Scene == nil {
		return nil
	}
	ref := job.Ref{User: r.User, Job: r.Job}
	for _, f := range r.Scene.Files {
		if _, ok := f.Format.SceneFile(); ok {
			rows = append(rows, []string{"scene", string(f.Format), job.Bytes(f.Bytes), "s3://" + bucket + "/" + ref.SceneFileKey(f.Format)})
		}
	}
	return rows
}

func numbers(of []int) string { return strings.Trim(fmt.Sprint(of), "[]") }

// mails says what became of the job's mails.
func (r *report) mails() [][2]string {
	switch {
	case r.Mails == nil && r.Pending && r.State.Finished():
		return [][2]string{{"mails", "not sent yet"}}
	case r.Mails == nil:
		return nil
	case !r.Mails.Sent() && r.Mails.User == nil && r.Mails.Admin == nil:
		return [][2]string{{"mails", "being sent since " + console.Time(r.Mails.LeasedAt)}}
	}
	var lines [][2]string
	for _, mail := range []struct {
		to      string
		outcome *job.Delivery
	}{{"mail to user", r.Mails.User}, {"mail to admin", r.Mails.Admin}} {
		switch {
		case mail.outcome.Sent():
			lines = append(lines, [2]string{mail.to, "sent " + console.Time(mail.outcome.SentAt)})
		case mail.outcome != nil:
			lines = append(lines, [2]string{mail.to, "not sent: " + mail.outcome.Unsent})
		}
	}
	return lines
}

func (o object) row() []string {
	row := []string{fmt.Sprint(o.Index), o.Label, string(o.State), string(o.Stage), "", "", o.mask(), ""}
	if o.Result != nil {
		row[4] = string(o.Result.Backend)
		if total, ok := o.Result.Timing["total"]; ok {
			row[5] = fmt.Sprintf("%.1f", float64(total)/1000)
		}
		if o.Result.Error != nil {
			row[7] = failureText(o.Result.Error)
		}
	}
	return row
}

// mask says where the object's mask came from, and whether to check it.
func (o object) mask() string {
	if o.Result == nil || o.Result.Mask == nil {
		return ""
	}
	text := string(o.Result.Mask.Source)
	if score := o.Result.Mask.Score; score != nil {
		text += fmt.Sprintf(" %.2f", *score)
	}
	if o.CheckMask {
		text += ", check it"
	}
	return text
}

func failureText(f *job.Failure) string { return string(f.Code) + ": " + f.Message }
