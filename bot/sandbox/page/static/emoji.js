// The emoji that incidents are made of, by their short names.

const TABLE = `
+1 👍|-1 👎|thumbsup 👍|thumbsdown 👎|eyes 👀|white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|rotating_light 🚨|mag 🔍|mag_right 🔎
thinking_face 🤔|fish 🐟|mega 📣|loudspeaker 📢|hammer_and_wrench 🛠️|wrench 🔧|hammer 🔨|rewind ⏪|dart 🎯|boom 💥|ticket 🎫|memo 📝|bulb 💡
pushpin 📌|fire 🔥|fire_engine 🚒|bell 🔔|no_bell 🔕|compass 🧭|zzz 💤|clock1 🕐|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|calendar 📅
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫
large_purple_circle 🟣|red_square 🟥|large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩|large_blue_square 🟦
tada 🎉|pray 🙏|raised_hands 🙌|clap 👏|wave 👋|ok_hand 👌|muscle 💪|point_right 👉|point_up ☝️|heart ❤️|rocket 🚀|construction 🚧
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|page_facing_up 📄|clipboard 📋|link 🔗|lock 🔒|unlock 🔓|key 🔑
phone ☎️|pager 📟|telephone_receiver 📞|email 📧|incoming_envelope 📨|speech_balloon 💬|bust_in_silhouette 👤|busts_in_silhouette 👥|dog 🐶|guide_dog 🦮
service_dog 🐕‍🦺|robot_face 🤖|question ❓|exclamation ❗|grey_question ❔|information_source ℹ️|sos 🆘|no_entry ⛔|no_entry_sign 🚫|recycle ♻️
arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️|leftwards_arrow_with_hook ↩️|twisted_rightwards_arrows 🔀|repeat 🔁|checkered_flag 🏁
triangular_flag_on_post 🚩|white_flag 🏳️|sleeping 😴|sweat_smile 😅|smile 😄|joy 😂|slightly_smiling_face 🙂|grimacing 😬|scream 😱|sob 😭
face_with_monocle 🧐|writing_hand ✍️|hot_face 🥵|cold_face 🥶|bug 🐛|ghost 👻|gear ⚙️|electric_plug 🔌|computer 💻|floppy_disk 💾|package 📦|globe_with_meridians 🌐
snowflake ❄️|sunny ☀️|cloud ☁️|zap ⚡|droplet 💧|ocean 🌊|coffee ☕|ballot_box_with_check ☑️|radio_button 🔘|heavy_plus_sign ➕|heavy_minus_sign ➖
bookmark 🔖|label 🏷️|inbox_tray 📥|outbox_tray 📤|newspaper 📰|scroll 📜|book 📖|books 📚|video_camera 📹|movie_camera 🎥|art 🎨
seedling 🌱|star ⭐|sparkles ✨|100 💯|new 🆕|up 🆙|back 🔙|end 🔚|on 🔛|soon 🔜|top 🔝|thread 🧵|broom 🧹|test_tube 🧪|lower_left_ballpoint_pen 🖊️
pencil2 ✏️|scissors ✂️|paperclip 📎|round_pushpin 📍|mailbox 📫|satellite 🛰️|satellite_antenna 📡|battery 🔋|traffic_light 🚦|vertical_traffic_light 🚦
`;

export const EMOJI = new Map(TABLE.trim().split(/[\n|]/).map((pair) => pair.split(" ")));

const TONES = ["", "", "🏻", "🏼", "🏽", "🏾", "🏿"];

export function emoji(name) {
  const [base, tone] = name.split("::skin-tone-");
  const found = EMOJI.get(base);
  return found ? found + (TONES[Number(tone)] || "") : `:${name}:`;
}
