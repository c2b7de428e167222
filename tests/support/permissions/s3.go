package permissions

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ofService are query parameters that do not change the required rights:
// signatures, response headers, and those of the SDK.
var ofService = []string{
	"response-content-type", "response-content-disposition", "response-cache-control", "x-id", "partNumber",
	"list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type", "fetch-owner",
}

// s3 returns the rights that a request with the bucket in its path requires.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func (s *Stack) s3(r *http.Request, body func() ([]byte, error)) (*Needs, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name, ok := s.deployed[bucket]; ok {
		bucket = name
	}
	query := r.URL.Query()
	for parameter := range query {
		known := slices.Contains(ofService, parameter) || strings.HasPrefix(strings.ToLower(parameter), "x-amz-") ||
			slices.Contains([]string{"delete", "uploads", "uploadId", "versionId"}, parameter)
		if !known {
			return nil, fmt.Errorf("the parameter %s of %s %s is not supported here", parameter, r.Method, r.URL.Path)
		}
	}
	for name := range r.Header {
		switch name := strings.ToLower(name); {
		case name == "x-amz-tagging", name == "x-amz-acl", strings.HasPrefix(name, "x-amz-grant-"), strings.HasPrefix(name, "x-amz-object-lock-"), strings.HasPrefix(name, "x-amz-server-side-encryption"):
			return nil, fmt.Errorf("the header %s of %s %s needs rights that are not supported here", name, r.Method, r.URL.Path)
		}
	}
	if key == "" {
		return s.s3Bucket(r, bucket, query, body)
	}
	n := &Needs{}
	read := func(bucket, key string, versioned, content bool) {
		action := "s3:GetObject"
		if versioned {
			action = "s3:GetObjectVersion"
		}
		n.object(s, action, bucket, key)
		if content {
			n.key(s, "kms:Decrypt", bucket)
		}
		n.ifMissing(s, bucket, key)
	}
	switch {
	case query.Has("uploads") || query.Has("uploadId"):
		return s.s3Multipart(r, bucket, key, query)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		read(bucket, key, query.Has("versionId"), r.Method == http.MethodGet)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		source, version, _ := strings.Cut(r.Header.Get("X-Amz-Copy-Source"), "?")
		from, err := url.PathUnescape(strings.TrimPrefix(source, "/"))
		if err != nil {
			return nil, fmt.Errorf("reading the source of a copy: %w", err)
		}
		fromBucket, fromKey, _ := strings.Cut(from, "/")
		if name, ok := s.deployed[fromBucket]; ok {
			fromBucket = name
		}
		read(fromBucket, fromKey, version != "", true)
		n.object(s, "s3:PutObject", bucket, key)
		n.key(s, "kms:GenerateDataKey", bucket)
	case r.Method == http.MethodPut:
		n.object(s, "s3:PutObject", bucket, key)
		n.key(s, "kms:GenerateDataKey", bucket)
		if r.Header.Get("If-Match") != "" { // the response depends on the stored object
			n.object(s, "s3:GetObject", bucket, key)
			n.ifMissing(s, bucket, key)
		}
	case r.Method == http.MethodDelete && query.Has("versionId"):
		n.object(s, "s3:DeleteObjectVersion", bucket, key)
	case r.Method == http.MethodDelete:
		n.object(s, "s3:DeleteObject", bucket, key)
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
		if r.Header.Get("If-Match") != "" {
			n.object(s, "s3:GetObject", bucket, key)
		}
	default:
		return nil, fmt.Errorf("%s %s is not supported here", r.Method, r.URL)
	}
	return n, nil
}

// s3Bucket returns the rights for requests to the bucket itself.
func (s *Stack) s3Bucket(r *http.Request, bucket string, query url.Values, body func() ([]byte, error)) (*Needs, error) {
	n := &Needs{}
	switch {
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		context := map[string]string{}
		if query.Has("prefix") {
			context["s3:prefix"] = query.Get("prefix")
		}
		n.add(Request{Action: "s3:ListBucket", Resource: s.bucketARN(bucket), Context: context})
	case r.Method == http.MethodPost && query.Has("delete"):
		data, err := body()
		if err != nil {
			return nil, err
		}
		var list struct {
			Object []struct{ Key, VersionID string }
		}
		if err := xml.Unmarshal(data, &list); err != nil || len(list.Object) == 0 {
			return nil, fmt.Errorf("reading which objects to delete: %w", err)
		}
		for _, o := range list.Object {
			n.object(s, "s3:DeleteObject", bucket, o.Key)
		}
	case r.Method == http.MethodPost && isForm(r):
		data, err := body()
		if err != nil {
			return nil, err
		}
		fields, err := formFields(r, data)
		if err != nil {
			return nil, err
		}
		if fields["key"] == "" || fields["acl"] != "" || fields["tagging"] != "" {
			return nil, fmt.Errorf("a form without a key, or with an ACL or tags, is not supported here: %v", fields)
		}
		n.object(s, "s3:PutObject", bucket, fields["key"])
		n.key(s, "kms:GenerateDataKey", bucket)
	default:
		return nil, fmt.Errorf("%s %s is not supported here", r.Method, r.URL)
	}
	return n, nil
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
func (s *Stack) s3Multipart(r *http.Request, bucket, key string, query url.Values) (*Needs, error) {
	n := &Needs{}
	switch r.Method {
	case http.MethodPost, http.MethodPut:
		n.object(s, "s3:PutObject", bucket, key)
		n.key(s, "kms:GenerateDataKey", bucket)
		n.key(s, "kms:Decrypt", bucket)
	case http.MethodDelete:
		n.object(s, "s3:AbortMultipartUpload", bucket, key)
	case http.MethodGet:
		n.object(s, "s3:ListMultipartUploadParts", bucket, key)
	default:
		return nil, fmt.Errorf("%s %s of an upload in parts (%v) is not supported here", r.Method, r.URL.Path, query)
	}
	return n, nil
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// formFields returns the fields before the file, with names in lowercase.
func formFields(r *http.Request, body []byte) (map[string]string, error) {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("reading the type of a form: %w", err)
	}
	fields := map[string]string{}
	for form := multipart.NewReader(strings.NewReader(string(body)), parameters["boundary"]); ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) || err == nil && part.FormName() == "file" {
			return fields, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a form: %w", err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("reading a form: %w", err)
		}
		fields[strings.ToLower(part.FormName())] = string(value)
	}
}
