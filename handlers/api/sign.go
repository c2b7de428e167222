package api

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// signUpload signs the form that uploads the announced photo.
func (h *Handler) signUpload(ctx context.Context, u *job.Upload, objects string, now time.Time) (*upload, error) {
	return h.signForm(ctx, u.Key, u.ContentType, u.Bytes, job.PhotoMetadata(u.JobID, objects, u.Options), now)
}

// signMasks signs the forms for the masks of the submission that will be
// uploaded. It returns also when a form that is signed now expires.
func (h *Handler) signMasks(ctx context.Context, u *job.Upload, asked *submission, now time.Time) (forms []maskUpload, expires time.Time, err error) {
	valid, err := h.validity(ctx, now, h.uploadTime())
	if err != nil {
		return nil, time.Time{}, err
	}
	ref := job.Ref{User: u.UserID, Job: u.JobID}
	for i, o := range asked.Objects {
		if o.Mask == nil || o.Mask.Copy > 0 {
			continue
		}
		form, err := h.signForm(ctx, ref.MaskKey(u.Key, i+1), job.MaskContentType, o.Mask.Bytes, nil, now)
		if err != nil {
			return nil, time.Time{}, err
		}
		forms = append(forms, maskUpload{Object: i + 1, Upload: *form})
	}
	return forms, now.Add(valid).UTC().Truncate(time.Second), nil
}

func (h *Handler) uploadTime() time.Duration {
	return time.Duration(h.config.UploadSeconds) * time.Second
}

// signForm signs a form that uploads one file. Key, type, size and metadata are
// conditions of the policy, and S3 refuses a field for which there is no
// condition.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func (h *Handler) signForm(ctx context.Context, key, contentType string, bytes int64, metadata map[string]string, now time.Time) (*upload, error) {
	fixed := map[string]string{
		"Content-Type":          contentType,
		"success_action_status": "204",
	}
	for name, value := range metadata {
		fixed["x-amz-meta-"+name] = value
	}
	conditions := []any{[]any{"content-length-range", bytes, bytes}}
	for name, value := range fixed {
		conditions = append(conditions, map[string]string{name: value})
	}
	valid, err := h.validity(ctx, now, h.uploadTime())
	if err != nil {
		return nil, err
	}
	signed, err := s3.NewPresignClient(h.s3).PresignPostObject(ctx,
		&s3.PutObjectInput{Bucket: aws.String(h.bucket.Name()), Key: &key},
		func(o *s3.PresignPostOptions) { o.Expires, o.Conditions = valid, conditions })
	if err != nil {
		return nil, fmt.Errorf("signing the upload of %s: %w", key, err)
	}
	maps.Copy(signed.Values, fixed)
	return &upload{URL: signed.URL, Fields: signed.Values, ExpiresAt: now.Add(valid).UTC().Truncate(time.Second)}, nil
}

// validity returns how long a request signed at a time can be valid: as long as
// wanted, but not beyond the expiration of the credentials, if that is known.
// (The credentials of a Lambda function have none; they outlive its longest
// presigned request.)
func (h *Handler) validity(ctx context.Context, signed time.Time, wanted time.Duration) (time.Duration, error) {
	credentials, err := h.s3.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return 0, fmt.Errorf("getting credentials to sign with: %w", err)
	}
	if credentials.CanExpire {
		wanted = min(wanted, credentials.Expires.Sub(signed)).Truncate(time.Second)
	}
	if wanted < time.Second {
		return 0, fmt.Errorf("the credentials to sign with have expired")
	}
	return wanted, nil
}

// signingWindow is how long the URL of an object stays the same. A page that
// polls a job gets the same URLs again and finds their content in the browser's
// cache.
const signingWindow = 10 * time.Minute

// links presigns the GET requests of one response.
type links struct {
	bucket  string
	presign *s3.PresignClient
}

func (h *Handler) links(ctx context.Context) (*links, error) {
	signed := h.now().Truncate(signingWindow)
	valid, err := h.validity(ctx, signed, time.Duration(h.config.DownloadSeconds)*time.Second+signingWindow)
	if err != nil {
		return nil, err
	}
	return &links{bucket: h.bucket.Name(), presign: s3.NewPresignClient(h.s3, func(o *s3.PresignOptions) {
		o.Expires = valid
		o.Presigner = signer{at: signed, v4: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
	})}, nil
}

// signer signs as of a fixed time.
type signer struct {
	at time.Time
	v4 *v4.Signer
}

func (s signer) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return s.v4.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.at, options...)
}

// cached lets a browser cache the content for as long as the URL is valid.
const cached = "private, max-age=3600, immutable"

// inline returns the URL of an object that a page displays.
func (l *links) inline(ctx context.Context, key, version, mediaType string) (string, error) {
	return l.sign(ctx, key, version, mediaType, "inline")
}

// photo returns the URL of a job's photo, or "" if it must not be displayed: its
// media type, as stored or as Extract found it, is not one of a photo, or it has
// so many pixels or scans that a browser decodes it again and again and paints
// nothing meanwhile.
func (l *links) photo(ctx context.Context, m *job.Manifest) (string, error) {
	source := m.Source
	if extensions[source.ContentType] == "" {
		return "", nil
	}
	if m.Refused != nil {
		switch m.Refused.Code {
		case job.CodeTooComplex, job.CodeTooManyPixels:
			return "", nil
		}
	}
	return l.inline(ctx, source.Key, source.VersionID, source.ContentType)
}

// preview returns the URL of an object's preview, which comes with the media
// type that it was stored with: WebP, or PNG of another backend or of an earlier
// version.
func (l *links) preview(ctx context.Context, ref job.Ref, n int) (string, error) {
	return l.inline(ctx, ref.FileKey(n, job.FormatPreview), "", "")
}

// thumbnail returns the URL of the small picture of a job's photo.
func (l *links) thumbnail(ctx context.Context, ref job.Ref) (string, error) {
	return l.inline(ctx, ref.ThumbnailKey(), "", bucket.ThumbnailMediaType)
}

// attachment returns the URL of an object that a browser saves under a name.
func (l *links) attachment(ctx context.Context, key, mediaType, name string) (string, error) {
	return l.sign(ctx, key, "", mediaType, disposition(name))
}

func (l *links) sign(ctx context.Context, key, version, mediaType, disposition string) (string, error) {
	in := &s3.GetObjectInput{
		Bucket: &l.bucket, Key: &key, ResponseContentDisposition: &disposition, ResponseCacheControl: aws.String(cached),
	}
	if mediaType != "" { // else the stored one
		in.ResponseContentType = &mediaType
	}
	if version != "" {
		in.VersionId = &version
	}
	signed, err := l.presign.PresignGetObject(ctx, in)
	if err != nil {
		return "", fmt.Errorf("signing the address of %s: %w", key, err)
	}
	return signed.URL, nil
}

// disposition returns the header Content-Disposition of a download. A name that
// is not ASCII is given as RFC 6266 defines it: percent-encoded UTF-8 with an
// ASCII fallback.
func disposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	text := mime.FormatMediaType("attachment", map[string]string{"filename": ascii})
	if ascii != name {
		text += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return text
}
