package permissions_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"gen3d/tests/support/permissions"
	"gen3d/tests/support/s3test"
)

// recordedStack returns the stack that has its own key, with the tests' names
// of resources.
func recordedStack(t *testing.T) *permissions.Stack {
	t.Helper()
	all, err := permissions.Load(s3test.Path("."), permissions.Names{
		DataBucket: "data", ModelBucket: "model", Endpoint: "Async", UserPool: "pool", ConfigurationSet: "set",
	})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s *permissions.Stack) bool { return s.Names.Key != "" })
	if i < 0 {
		t.Fatal("no recorded stack has its own key")
	}
	return all[i]
}

func signed(service, method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// form returns a request with a presigned form.
func form(t *testing.T, fields ...string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.CreateFormFile("file", "x"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/data", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func needs(s *permissions.Stack, r *http.Request) (*permissions.Needs, error) {
	return s.Needs(r, sync.OnceValues(func() ([]byte, error) { return io.ReadAll(r.Body) }))
}

func TestNeedsOfRequests(t *testing.T) {
	s := recordedStack(t)
	const (
		data  = "arn:aws:s3:::gen3d-prod-data-123456789012"
		model = "arn:aws:s3:::gen3d-prod-model-123456789012"
		key   = "arn:aws:kms:us-east-1:123456789012:key/encryption-key"
		ses   = "arn:aws:ses:us-east-1:123456789012:"
		mail  = `{"FromEmailAddress":"Gen3D <noreply@genesis3d.com>","ConfigurationSetName":"set","Destination":{"ToAddresses":["u@x.y"]},"Content":{"Raw":{"Data":"eA=="}}}`
	)
	for name, c := range map[string]struct {
		request *http.Request
		want    []string
		missing string // the prefix for which the right to list is required for a 404
	}{
		"get":          {signed("s3", "GET", "/data/users/u/a%20b%2Bc", ""), []string{"s3:GetObject " + data + "/users/u/a b+c", "kms:Decrypt " + key}, "users/u/a b+c"},
		"get, version": {signed("s3", "GET", "/data/k?versionId=v", ""), []string{"s3:GetObjectVersion " + data + "/k", "kms:Decrypt " + key}, "k"},
		"head":         {signed("s3", "HEAD", "/data/k", ""), []string{"s3:GetObject " + data + "/k"}, "k"},
		"put":          {signed("s3", "PUT", "/model/k", "x", "If-None-Match", "*"), []string{"s3:PutObject " + model + "/k", "kms:GenerateDataKey " + key}, ""},
		"put over":     {signed("s3", "PUT", "/data/k", "x", "If-Match", "e"), []string{"s3:PutObject " + data + "/k", "kms:GenerateDataKey " + key, "s3:GetObject " + data + "/k"}, "k"},
		"copy": {signed("s3", "PUT", "/data/to", "", "X-Amz-Copy-Source", "model/fr%C3%BCh?versionId=v"), []string{
			"s3:GetObjectVersion " + model + "/früh", "kms:Decrypt " + key, "s3:PutObject " + data + "/to", "kms:GenerateDataKey " + key,
		}, "früh"},
		"delete":         {signed("s3", "DELETE", "/data/k", ""), []string{"s3:DeleteObject " + data + "/k"}, ""},
		"delete if same": {signed("s3", "DELETE", "/data/k", "", "If-Match", "e"), []string{"s3:DeleteObject " + data + "/k", "s3:GetObject " + data + "/k"}, ""},
		"delete version": {signed("s3", "DELETE", "/data/k?versionId=v", ""), []string{"s3:DeleteObjectVersion " + data + "/k"}, ""},
		"delete many": {signed("s3", "POST", "/data?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>b &amp; c</Key></Object></Delete>"), []string{
			"s3:DeleteObject " + data + "/a", "s3:DeleteObject " + data + "/b & c",
		}, ""},
		"list":         {signed("s3", "GET", "/data?list-type=2&prefix=users%2Fu%2F&delimiter=%2F", ""), []string{"s3:ListBucket " + data + " s3:prefix=users/u/"}, ""},
		"list all":     {signed("s3", "GET", "/data?list-type=2", ""), []string{"s3:ListBucket " + data}, ""},
		"parts":        {signed("s3", "PUT", "/model/k?partNumber=1&uploadId=u", "x"), []string{"s3:PutObject " + model + "/k", "kms:GenerateDataKey " + key, "kms:Decrypt " + key}, ""},
		"list parts":   {signed("s3", "GET", "/model/k?uploadId=u", ""), []string{"s3:ListMultipartUploadParts " + model + "/k"}, ""},
		"abort":        {signed("s3", "DELETE", "/model/k?uploadId=u", ""), []string{"s3:AbortMultipartUpload " + model + "/k"}, ""},
		"form":         {form(t, "Key", "users/u/k", "X-Amz-Credential", "AKID/20260101/us-east-1/s3/aws4_request"), []string{"s3:PutObject " + data + "/users/u/k", "kms:GenerateDataKey " + key}, ""},
		"link":         {httptest.NewRequest(http.MethodGet, "/data/k?versionId=v&response-content-type=x&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", nil), []string{"s3:GetObjectVersion " + data + "/k", "kms:Decrypt " + key}, "k"},
		"other bucket": {signed("s3", "GET", "/other/k", ""), []string{"s3:GetObject arn:aws:s3:::other/k"}, "k"},
		"ask the model": {signed("sagemaker", "POST", "/endpoints/Async/async-invocations", ""), []string{
			"sagemaker:InvokeEndpointAsync arn:aws:sagemaker:us-east-1:123456789012:endpoint/gen3dsamasyncendpoint-prod",
		}, ""},
		"mail": {signed("ses", "POST", "/v2/email/outbound-emails", mail), []string{
			"ses:SendEmail " + ses + "identity/genesis3d.com ses:fromaddress=noreply@genesis3d.com", "ses:SendRawEmail " + ses + "identity/genesis3d.com ses:fromaddress=noreply@genesis3d.com",
			"ses:SendEmail " + ses + "identity/u@x.y ses:fromaddress=noreply@genesis3d.com", "ses:SendRawEmail " + ses + "identity/u@x.y ses:fromaddress=noreply@genesis3d.com",
			"ses:SendEmail " + ses + "configuration-set/Gen3DMail-prod ses:fromaddress=noreply@genesis3d.com", "ses:SendRawEmail " + ses + "configuration-set/Gen3DMail-prod ses:fromaddress=noreply@genesis3d.com",
		}, ""},
		"address": {signed("cognito-idp", "POST", "/", `{"UserPoolId":"pool","Username":"u"}`, "X-Amz-Target", "AWSCognitoIdentityProviderService.AdminGetUser"), []string{
			"cognito-idp:AdminGetUser arn:aws:cognito-idp:us-east-1:123456789012:userpool/identity-users-id",
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := needs(s, c.request)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range n.Requests {
				text := r.Action + " " + r.Resource
				if r.Context["aws:securetransport"] != "true" {
					t.Errorf("%s is not over TLS", text)
				}
				delete(r.Context, "aws:securetransport")
				for key, value := range r.Context {
					text += " " + key + "=" + value
				}
				got = append(got, text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("it needs\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			missing := ""
			for _, r := range n.Missing {
				if missing = r.Context["s3:prefix"]; r.Action != "s3:ListBucket" {
					t.Errorf("a missing object needs %s", r.Action)
				}
			}
			if missing != c.missing {
				t.Errorf("to tell that it is missing, %q must be listable; want %q", missing, c.missing)
			}
		})
	}
}

func TestUnknownRequestIsAnError(t *testing.T) {
	s := recordedStack(t)
	for name, r := range map[string]*http.Request{
		"not signed":        httptest.NewRequest(http.MethodGet, "/data/k", nil),
		"form, not signed":  form(t, "key", "k"),
		"form with an ACL":  form(t, "key", "k", "acl", "public-read", "x-amz-credential", "AKID/20260101/us-east-1/s3/aws4_request"),
		"form without key":  form(t, "x-amz-credential", "AKID/20260101/us-east-1/s3/aws4_request"),
		"subresource":       signed("s3", "GET", "/data/k?tagging", ""),
		"tags":              signed("s3", "PUT", "/data/k", "x", "X-Amz-Tagging", "a=b"),
		"ACL":               signed("s3", "PUT", "/data/k", "x", "X-Amz-Acl", "public-read"),
		"old list":          signed("s3", "GET", "/data?prefix=x", ""),
		"bucket":            signed("s3", "DELETE", "/data", ""),
		"nothing to delete": signed("s3", "POST", "/data?delete", "<Delete></Delete>"),
		"service":           signed("dynamodb", "POST", "/", "{}"),
		"synchronous call":  signed("sagemaker", "POST", "/endpoints/Async/invocations", ""),
		"simple mail":       signed("ses", "POST", "/v2/email/outbound-emails", `{"FromEmailAddress":"a@b.c","Content":{"Simple":{}}}`),
		"another operation": signed("ses", "GET", "/v2/email/identities", ""),
		"sign-in":           signed("cognito-idp", "POST", "/", "{}", "X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth"),
	} {
		if n, err := needs(s, r); err == nil {
			t.Errorf("%s was understood as %+v", name, n.Requests)
		}
	}
}
