package email

import (
	"strconv"

	"gen3d/handlers/notify/email/markup"
	"gen3d/internal/job"
)

// html renders the email for mail clients, many of which support neither style
// sheets nor modern layout: hence tables and inline styles.
func (e Email) html() string {
	w := new(markup.Writer)
	w.Markup(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>`).Text(e.Subject).Markup(`</title>
</head>
<body style="margin:0;padding:0;background-color:#eef1f5;">
<div style="display:none;max-height:0;overflow:hidden;">`).Text(e.Heading).Markup(`: `).Text(e.Photo).Markup(`</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#eef1f5;">
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background-color:#ffffff;border:1px solid #d8dee6;border-radius:8px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;color:#1c2530;">
<tr><td style="padding:20px 28px;border-radius:8px 8px 0 0;background-color:`)
	switch e.State {
	case job.StateSucceeded:
		w.Markup(`#14532d`)
	case job.StatePartial:
		w.Markup(`#7a4a05`)
	default:
		w.Markup(`#7f1d1d`)
	}
	w.Markup(`;color:#ffffff;">
<div style="font-size:13px;letter-spacing:1px;">GEN3D</div>
<h1 style="margin:6px 0 0;font-size:22px;line-height:1.3;font-weight:600;">`).Text(e.Heading).Markup(`</h1>
</td></tr>
<tr><td style="padding:24px 28px 8px;font-size:15px;line-height:1.5;">
<p style="margin:0 0 12px;">Photo: <strong style="word-break:break-word;">`).Text(e.Photo).Markup(`</strong></p>
<p style="margin:0 0 20px;">`).Text(e.Summary).Markup(`</p>
`)
	if e.ForUser {
		w.Markup(`<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td style="border-radius:6px;background-color:#1d4ed8;">
<a href="`).Link(e.Link).Markup(`" style="display:inline-block;padding:12px 22px;font-size:15px;font-weight:600;color:#ffffff;text-decoration:none;">Open the job's page</a>
</td></tr></table>
`)
	}
	w.Markup(`</td></tr>
`)
	if e.Operator != nil {
		e.Operator.html(w)
	}
	if e.Scene != nil {
		e.Scene.html(w)
	}
	for _, o := range e.Objects {
		o.html(w)
	}
	w.Markup(`<tr><td style="padding:20px 28px 24px;font-size:12px;line-height:1.6;color:#51606f;">
`)
	if e.Backend != "" {
		w.Markup(`Made by: `).Text(e.Backend).Markup(`<br>
`)
	}
	w.Markup(`Job `).Text(string(e.JobID)).Markup(` of user `).Text(e.UserID).Markup(`<br>
<span style="word-break:break-all;">`).Text(e.Link).Markup(`</span>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`)
	return w.String()
}

func (o *Operator) html(w *markup.Writer) {
	w.Markup(`<tr><td style="padding:8px 28px 0;">
<div style="padding:12px 14px;background-color:#fff4d6;border:1px solid #e5c46b;border-radius:6px;font-size:14px;line-height:1.5;">
<strong>For the administrator</strong>
<p style="margin:8px 0 0;">The job's files: <span style="word-break:break-all;">`).Text(o.Folder).Markup(`</span></p>
`)
	for _, line := range o.Lines {
		w.Markup(`<p style="margin:8px 0 0;word-break:break-word;">`).Text(line).Markup(`</p>
`)
	}
	w.Markup(`</div>
</td></tr>
`)
}

func (o Object) html(w *markup.Writer) {
	w.Markup(`<tr><td style="padding:16px 28px 0;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border:1px solid #d8dee6;border-radius:6px;font-size:14px;line-height:1.5;">
<tr>
<td style="padding:10px 14px;font-weight:600;word-break:break-word;">Object `).Text(strconv.Itoa(o.Number))
	if o.Label != "" {
		w.Markup(`: `).Text(o.Label)
	}
	w.Markup(`</td>
`)
	if o.Ready {
		w.Markup(`<td align="right" style="padding:10px 14px;font-weight:600;white-space:nowrap;color:#166534;">Ready</td>
</tr>
`)
	} else {
		w.Markup(`<td align="right" style="padding:10px 14px;font-weight:600;white-space:nowrap;color:#b91c1c;">Failed</td>
</tr>
<tr><td colspan="2" style="padding:0 14px 12px;">`).Text(o.Message).Markup(`</td></tr>
`)
	}
	if o.Check != "" {
		w.Markup(`<tr><td colspan="2" style="padding:0 14px 8px;color:#7a4a05;">`).Text(o.Check).Markup(`</td></tr>
`)
	}
	if o.Vertices != "" {
		w.Markup(`<tr><td colspan="2" style="padding:0 14px 8px;color:#51606f;">`).Text(o.Vertices).Markup(` vertices, `).Text(o.Faces).Markup(` triangles</td></tr>
`)
	}
	for _, f := range o.Files {
		f.html(w)
	}
	w.Markup(`</table>
</td></tr>
`)
}

func (s *Scene) html(w *markup.Writer) {
	w.Markup(`<tr><td style="padding:16px 28px 0;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border:1px solid #d8dee6;border-radius:6px;font-size:14px;line-height:1.5;">
<tr><td colspan="2" style="padding:10px 14px;font-weight:600;">`).Text(sceneTitle).Markup(`</td></tr>
`)
	if s.Message != "" {
		w.Markup(`<tr><td colspan="2" style="padding:0 14px 12px;">`).Text(s.Message).Markup(`</td></tr>
`)
	}
	for _, f := range s.Files {
		f.html(w)
	}
	w.Markup(`</table>
</td></tr>
`)
}

func (f File) html(w *markup.Writer) {
	w.Markup(`<tr>
<td style="padding:6px 14px;border-top:1px solid #e8ecf1;">`).Text(f.Name).Markup(` <span style="color:#51606f;">(`).Text(f.Kind).Markup(`)</span></td>
<td align="right" style="padding:6px 14px;border-top:1px solid #e8ecf1;white-space:nowrap;">`).Text(f.Size).Markup(`</td>
</tr>
`)
}
