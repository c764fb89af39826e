/** Values that people choose and programs print all day, in lower case. Short on purpose: `scoreValue` has rules too. */
export const COMMON_VALUES: ReadonlySet<string> = new Set(
  `0000 1111 1234 4321 12345 123456 1234567 12345678 123456789 1234567890 654321 696969 111111 000000 123123 121212
  112233 123321 666666 987654321 1q2w3e 1q2w3e4r 1qaz2wsx q1w2e3r4 qazwsx qwer1234 asdf1234 zaq12wsx abc123 abcd1234
  a1b2c3 a1b2c3d4 aa123456 iloveyou letmein welcome monkey dragon master shadow sunshine princess football baseball
  superman batman trustno1 starwars whatever freedom hunter2 passw0rd password password1 passwort geheim secret secret1
  secrets topsecret changeit changeme change_me change-me replaceme replace_me your_password yourpassword your-password
  mypassword my_password adminadmin admin admin1 admin123 administrator root rootroot toor user username guest test
  test1 test123 testing tester testtest testpassword demo demo123 sample example example123 placeholder default
  qwerty qwerty123 qwertz qwertyuiop asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm keyboard computer internet server
  true false null none nil undefined yes no on off enabled disabled unknown empty auto manual debug info warn warning
  error fatal trace verbose production prod staging stage development dev local localhost 127.0.0.1 0.0.0.0 ::1
  localhost:3000 localhost:8080 localhost:5432 host hostname port http https postgres postgresql mysql mariadb redis
  mongodb mongo sqlite oracle rabbitmq guestguest elastic elasticsearch kafka nginx apache docker kubernetes jenkins
  github gitlab google amazon azure aws oauth oauth2 bearer basic token apikey api_key api-key access_token
  client_id client_secret private_key public_key accesskey access_key secretkey secret_key secret-key credentials
  session cookie login logout signin signup email account config configuration settings database service services
  application hello world helloworld hello123 foobar foobarbaz fubar lorem loremipsum system windows linux ubuntu debian
  macos version master-key main branch origin string number boolean object function return import export const
  alpine node python java javascript typescript us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-central-1
  utf-8 utf8 ascii base64 sha256 hs256 rs256 aes-256-gcm aes-256-cbc application/json text/plain`.split(/\s+/),
);
