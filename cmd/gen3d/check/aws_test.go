package check_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"gen3d/tests/support/standin"
)

const (
	account = "123456789012"
	region  = "us-east-1"
	bucket  = "gen3d-dev-model-" + account
	prefix  = "gen3d-dev-users-" + account
)

// cloud stands in for AWS over HTTP, with the operations that read. Any other
// one is refused and recorded.
type cloud struct {
	mu      sync.Mutex
	refused []string

	credentials string             // error code of GetCallerIdentity
	denied      string             // operation that the credentials do not allow
	quotas      map[string]float64 // of SageMaker, by name, in the account
	defaults    map[string]float64 // and AWS's defaults
	executions  float64            // of Lambda; 0: no applied quota
	production  bool
	enforcement string
	identities  map[string]bool // whether it is verified
	objects     map[string]string
	noBucket    bool
	pool        string // user pool of the sign-in domain
	endpoint    string // status; empty: there is none
}

func newCloud() *cloud {
	return &cloud{
		quotas:      map[string]float64{"ml.g6e.xlarge for endpoint usage": 2, "ml.t3.medium for notebook instance usage": 1},
		defaults:    map[string]float64{"ml.g6e.xlarge for endpoint usage": 0, "ml.g6e.2xlarge for endpoint usage": 0},
		executions:  1000,
		production:  true,
		enforcement: "HEALTHY",
		identities:  map[string]bool{"noreply@example.com": true, "admin@example.com": true},
		objects: map[string]string{
			"weights/sam-3d-objects/weights.json":        `{"version": 1, "files": [{"path": "sam3d/pipeline.yaml", "size": 3}, {"path": "moge/model.pt", "size": 4}]}`,
			"weights/sam-3d-objects/sam3d/pipeline.yaml": "abc",
			"weights/sam-3d-objects/moge/model.pt":       "abcd",
		},
		pool:     "us-east-1_own",
		endpoint: "InService",
	}
}

// serve starts the stand-in and directs the SDK to it.
func (c *cloud) serve(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(c.answer))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none", "GEN3D_S3_PATH_STYLE": "true",
	} {
		t.Setenv(name, value)
	}
}

func (c *cloud) answer(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	var in map[string]any
	switch {
	case target != "":
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			refuse(w, http.StatusBadRequest, "SerializationException", err.Error())
			return
		}
		c.targeted(w, target[strings.Index(target, ".")+1:], in)
	case strings.HasPrefix(r.URL.Path, "/v2/email/"):
		c.mail(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/":
		c.identity(w, r)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/"+bucket):
		c.bucket(w, r)
	default:
		c.unknown(w, r.Method+" "+r.URL.Path)
	}
}

// unknown refuses an operation that this stand-in does not have, such as every
// one that changes something.
func (c *cloud) unknown(w http.ResponseWriter, operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = append(c.refused, operation)
	refuse(w, http.StatusBadRequest, "UnknownOperationException", operation)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(body)
}

func (c *cloud) targeted(w http.ResponseWriter, operation string, in map[string]any) {
	if operation == c.denied {
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
		refuse(w, http.StatusBadRequest, "AccessDeniedException", "not authorized")
		return
	}
	switch operation {
	case "GetServiceQuota", "GetAWSDefaultServiceQuota":
		value := c.executions
		if operation == "GetAWSDefaultServiceQuota" {
			value = 1000
		}
		if in["ServiceCode"] != "lambda" || in["QuotaCode"] != "L-B99A9384" || value == 0 {
			// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
			refuse(w, http.StatusBadRequest, "NoSuchResourceException", "no such quota")
			return
		}
		reply(w, map[string]any{"Quota": map[string]any{"ServiceCode": "lambda", "QuotaCode": "L-B99A9384", "Value": value}})
	case "ListServiceQuotas":
		list(w, in, c.quotas)
	case "ListAWSDefaultServiceQuotas":
		list(w, in, c.defaults)
	case "DescribeUserPoolDomain":
		// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolDomain.html
		if in["Domain"] != prefix || c.pool == "" {
			reply(w, map[string]any{"DomainDescription": map[string]any{}})
			return
		}
		reply(w, map[string]any{"DomainDescription": map[string]any{"Domain": prefix, "UserPoolId": c.pool, "AWSAccountId": account, "Status": "ACTIVE"}})
	case "DescribeEndpoint":
		// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
		if in["EndpointName"] != "Gen3DSAMAsyncEndpoint-dev" || c.endpoint == "" {
			refuse(w, http.StatusBadRequest, "ValidationException", "Could not find endpoint")
			return
		}
		body := map[string]any{"EndpointName": in["EndpointName"], "EndpointStatus": c.endpoint}
		if c.endpoint == "Failed" {
			body["FailureReason"] = "no capacity"
		}
		reply(w, body)
	default:
		c.unknown(w, operation)
	}
}

// list answers in pages of one quota.
// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
func list(w http.ResponseWriter, in map[string]any, quotas map[string]float64) {
	if most, _ := in["MaxResults"].(float64); in["ServiceCode"] != "sagemaker" || most < 1 || most > 100 {
		refuse(w, http.StatusBadRequest, "IllegalArgumentException", "MaxResults is 1 to 100")
		return
	}
	var names []string
	for name := range quotas {
		names = append(names, name)
	}
	slices.Sort(names)
	at := 0
	if token, ok := in["NextToken"].(string); ok {
		_, _ = fmt.Sscan(token, &at)
	}
	body := map[string]any{"Quotas": []any{}}
	if at < len(names) {
		name := names[at]
		body["Quotas"] = []any{map[string]any{"ServiceCode": "sagemaker", "QuotaName": name, "QuotaCode": code(name), "Value": quotas[name]}}
	}
	if at+1 < len(names) {
		body["NextToken"] = fmt.Sprint(at + 1)
	}
	reply(w, body)
}

// code returns a quota code; each type of SageMaker has its own.
func code(name string) string {
	return "L-" + strings.ToUpper(strings.NewReplacer(".", "", " ", "").Replace(name)[:8])
}

func (c *cloud) mail(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.URL.Path, "/v2/email/")
	name, isIdentity := strings.CutPrefix(operation, "identities/")
	switch {
	case r.Method != http.MethodGet:
		c.unknown(w, r.Method+" "+operation)
	case operation == "account" && c.denied == "GetAccount":
		refuse(w, http.StatusForbidden, "AccessDeniedException", "not authorized")
	case operation == "account":
		// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
		reply(w, map[string]any{"ProductionAccessEnabled": c.production, "SendingEnabled": c.enforcement != "SHUTDOWN", "EnforcementStatus": c.enforcement})
	case isIdentity:
		// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
		name, _ = url.PathUnescape(name)
		verified, there := c.identities[name]
		if !there {
			refuse(w, http.StatusNotFound, "NotFoundException", "no such identity")
			return
		}
		reply(w, map[string]any{"VerifiedForSendingStatus": verified})
	default:
		c.unknown(w, r.Method+" "+operation)
	}
}

// identity answers GetCallerIdentity.
func (c *cloud) identity(w http.ResponseWriter, r *http.Request) {
	if operation := r.PostFormValue("Action"); operation != "GetCallerIdentity" {
		c.unknown(w, operation)
		return
	}
	standin.Identity(w, account, c.credentials)
}

// bucket answers GetObject and ListObjectsV2.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (c *cloud) bucket(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/xml")
	missing := func(code string) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
	}
	if c.noBucket {
		missing("NoSuchBucket")
		return
	}
	if r.URL.Query().Get("list-type") == "2" {
		type object struct {
			Key  string
			Size int
		}
		var found struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []object
		}
		for key, body := range c.objects {
			if strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				found.Contents = append(found.Contents, object{key, len(body)})
			}
		}
		_ = xml.NewEncoder(w).Encode(found)
		return
	}
	body, there := c.objects[strings.TrimPrefix(r.URL.Path, "/"+bucket+"/")]
	if !there {
		missing("NoSuchKey")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = fmt.Fprint(w, body)
}
