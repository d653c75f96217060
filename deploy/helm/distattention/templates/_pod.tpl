{{/* One silo. */}}
{{- define "distattention.pod" -}}
{{- $silos := dict "root" . "component" "silo" -}}
{{- $memory := .Values.memory -}}
{{- $limit := printf "%dMi" (add $memory.kvMiB $memory.gcHeapMiB $memory.headroomMiB) -}}
metadata:
  labels:
    {{- include "distattention.selector" $silos | nindent 4 }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed option rolls the silos.
    checksum/options: {{ include "distattention.options" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "distattention.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add .Values.shutdown.preStopSeconds .Values.shutdown.timeoutSeconds .Values.shutdown.marginSeconds }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1654
    runAsGroup: 1654
    fsGroup: 1654
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $.Values.spread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "distattention.selector" $silos | nindent 10 }}
    {{- end }}
  containers:
    - name: silo
      {{- if .Values.image.digest }}
      image: {{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
      {{- else }}
      image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
      {{- end }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [/app/distattn-silo]
      envFrom:
        - configMapRef:
            name: {{ include "distattention.name" . }}-options
      env:
        # Who the silo is: its name and the address that it tells the others.
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        {{- if .Values.secrets.name }}
        - name: DISTATTN_CONFIG
          value: /etc/distattention/secrets/secrets.json
        {{- end }}
      ports:
        {{- range $name := list "silo" "gateway" "http" "admin" }}
        - name: {{ $name }}
          containerPort: {{ index $.Values.ports $name }}
          protocol: TCP
        {{- end }}
      # 5 minutes to join.
      startupProbe:
        httpGet:
          {{- include "distattention.health" (dict "root" . "what" "startup") | nindent 10 }}
        periodSeconds: 5
        failureThreshold: 60
        timeoutSeconds: 2
      readinessProbe:
        httpGet:
          {{- include "distattention.health" (dict "root" . "what" "ready") | nindent 10 }}
        periodSeconds: 5
        failureThreshold: 2
        timeoutSeconds: 2
      # Asks this process alone: no grain is called, so that trouble elsewhere restarts nobody.
      livenessProbe:
        httpGet:
          {{- include "distattention.health" (dict "root" . "what" "live") | nindent 10 }}
        periodSeconds: 10
        failureThreshold: 3
        timeoutSeconds: 5
      lifecycle:
        # Balancers stop sending here before the silo begins to stop.
        preStop:
          sleep:
            seconds: {{ .Values.shutdown.preStopSeconds }}
      # No limit on processors: one that is held back misses the others' probes. Memory is requested whole, since rows are not given back.
      resources:
        requests:
          cpu: {{ .Values.cpu.request | quote }}
          memory: {{ $limit }}
        limits:
          memory: {{ $limit }}
      securityContext:
        allowPrivilegeEscalation: false
        privileged: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        {{- if .Values.secrets.name }}
        - name: secrets
          mountPath: /etc/distattention/secrets
          readOnly: true
        {{- end }}
        - name: own
          mountPath: /var/lib/distattention/own
        - name: tmp
          mountPath: /tmp
        {{- if eq .Values.storage.mode "SharedVolume" }}
        - name: storage
          mountPath: /var/lib/distattention/storage
        {{- end }}
        {{- if .Values.tls.enabled }}
        - name: tls
          mountPath: /etc/distattention/tls
          readOnly: true
        {{- end }}
  volumes:
    {{- if .Values.secrets.name }}
    - name: secrets
      secret:
        secretName: {{ .Values.secrets.name }}
        defaultMode: 0440
    {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: 256Mi
    {{- if eq .Values.workload "Deployment" }}
    - name: own
      emptyDir:
        sizeLimit: {{ .Values.ownVolume.size }}
    {{- end }}
    {{- if eq .Values.storage.mode "SharedVolume" }}
    - name: storage
      persistentVolumeClaim:
        claimName: {{ include "distattention.claim" . }}
    {{- end }}
    {{- if .Values.tls.enabled }}
    - name: tls
      secret:
        secretName: {{ .Values.tls.secretName }}
        defaultMode: 0440
    {{- end }}
{{- end -}}

{{/* Where a probe asks. */}}
{{- define "distattention.health" -}}
path: /healthz/{{ .what }}
port: admin
{{- if .root.Values.tls.enabled }}
scheme: HTTPS
{{- end }}
{{- end -}}
