package api

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
)

// signUpload makes the form that stores exactly the promised photo: key, type,
// number of bytes and metadata are conditions of the policy, and S3 refuses a
// field that no condition names.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
func (h *Handler) signUpload(ctx context.Context, u *job.Upload, objects string) (*upload, error) {
	fixed := map[string]string{
		"Content-Type":          u.ContentType,
		"success_action_status": "204",
	}
	for name, value := range map[string]string{
		job.MetaObjects: objects,
		job.MetaSeed:    strconv.FormatUint(uint64(u.Options.Seed), 10),
		job.MetaFormats: job.EncodeFormats(u.Options.Formats),
		job.MetaJob:     string(u.JobID),
	} {
		fixed["x-amz-meta-"+name] = value
	}
	conditions := []any{[]any{"content-length-range", u.Bytes, u.Bytes}}
	for name, value := range fixed {
		conditions = append(conditions, map[string]string{name: value})
	}
	now := h.now()
	valid, err := h.validity(ctx, now, time.Duration(h.config.UploadSeconds)*time.Second)
	if err != nil {
		return nil, err
	}
	signed, err := s3.NewPresignClient(h.s3).PresignPostObject(ctx,
		&s3.PutObjectInput{Bucket: aws.String(h.bucket.Name()), Key: &u.Key},
		func(o *s3.PresignPostOptions) { o.Expires, o.Conditions = valid, conditions })
	if err != nil {
		return nil, fmt.Errorf("signing the upload of job %s: %w", u.JobID, err)
	}
	maps.Copy(signed.Values, fixed)
	return &upload{URL: signed.URL, Fields: signed.Values, ExpiresAt: now.Add(valid).UTC().Truncate(time.Second)}, nil
}

// validity is how long something signed at a time can be valid: as long as
// wanted, but not past the end of the credentials, where they tell it. (Those of
// a Lambda function do not; they outlive its longest presigned request.)
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

// signingWindow is how long the same link stays the same: a page that asks for a
// job every few seconds then gets the addresses it has already, and the browser
// finds their content in its cache.
const signingWindow = 10 * time.Minute

// links signs addresses to read objects from, for one request.
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

// signer signs as of a time of its own.
type signer struct {
	at time.Time
	v4 *v4.Signer
}

func (s signer) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return s.v4.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.at, options...)
}

// cached lets a browser keep what it fetched for as long as the address lives.
const cached = "private, max-age=3600, immutable"

// inline is the address of an object that a page shows.
func (l *links) inline(ctx context.Context, key, version, mediaType string) (string, error) {
	return l.sign(ctx, key, version, mediaType, "inline")
}

// photo is the address of a job's photo. It is empty for a file that was refused
// as no picture: that may be anything, and only pictures are for showing.
func (l *links) photo(ctx context.Context, source job.Source) (string, error) {
	if extensions[source.ContentType] == "" {
		return "", nil
	}
	return l.inline(ctx, source.Key, source.VersionID, source.ContentType)
}

// preview is the address of an object's preview, whose key has no suffix.
func (l *links) preview(ctx context.Context, ref job.Ref, n int) (string, error) {
	info, _ := job.FormatPreview.Info()
	return l.inline(ctx, ref.FileKey(n, job.FormatPreview), "", info.MediaType)
}

// attachment is the address of an object that a browser saves under a name.
func (l *links) attachment(ctx context.Context, key, mediaType, name string) (string, error) {
	return l.sign(ctx, key, "", mediaType, disposition(name))
}

func (l *links) sign(ctx context.Context, key, version, mediaType, disposition string) (string, error) {
	in := &s3.GetObjectInput{
		Bucket: &l.bucket, Key: &key, ResponseContentType: &mediaType, ResponseContentDisposition: &disposition,
		ResponseCacheControl: aws.String(cached),
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

// disposition names a download: in ASCII, and for names beyond that as RFC 6266
// has it, percent-encoded UTF-8 beside an ASCII stand-in.
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
