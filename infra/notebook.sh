#!/bin/bash
# Prepares facebookresearch/sam-3d-objects on a SageMaker notebook instance, once:
# the source at the commit that Gen3D's worker is written for, and a script that
# puts the weights where the endpoint reads them. It runs in the background,
# because AWS gives a lifecycle script five minutes.
set -euo pipefail
cat > /home/ec2-user/SageMaker/prepare.sh <<'PREPARE'
#!/bin/bash
set -euo pipefail
cd /home/ec2-user/SageMaker
if [ ! -d sam-3d-objects ]; then
  git clone https://github.com/facebookresearch/sam-3d-objects
  git -C sam-3d-objects checkout cf06676
fi
python3 -m venv weights-env
weights-env/bin/pip install --quiet 'huggingface_hub>=0.34,<1'
cat > upload-weights.sh <<'UPLOAD'
#!/bin/bash
# Fetches the gated weights with the stack's token and lays them in the model bucket.
set -euo pipefail
cd /home/ec2-user/SageMaker
HF_TOKEN=$(aws secretsmanager get-secret-value --region @REGION@ --secret-id @SECRET@ --query SecretString --output text)
export HF_TOKEN
weights-env/bin/hf download facebook/sam-3d-objects --local-dir weights
aws s3 sync weights/checkpoints/ s3://@BUCKET@/@PREFIX@ --only-show-errors
echo "The weights are in s3://@BUCKET@/@PREFIX@; set gen3d:model.enabled to true and run pulumi up."
UPLOAD
chmod +x upload-weights.sh
PREPARE
chmod +x /home/ec2-user/SageMaker/prepare.sh
chown ec2-user:ec2-user /home/ec2-user/SageMaker/prepare.sh
nohup sudo -u ec2-user /home/ec2-user/SageMaker/prepare.sh > /home/ec2-user/SageMaker/prepare.log 2>&1 &
